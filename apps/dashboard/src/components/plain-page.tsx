import type { ComponentChildren } from 'preact';
import { Brand } from './brand.js';
import { ThemeSwitch } from './theme-switch.js';

/** A page without navigation: one column in the middle. */
export function PlainPage({ children }: { children: ComponentChildren }) {
  return (
    <div class="plain">
      <header class="plain-head">
        <Brand />
        <ThemeSwitch />
      </header>
      <main id="content" class="plain-main">
        {children}
      </main>
    </div>
  );
}

/** A page that only says something. */
export function MessagePage({ title, text, children }: { title: string; text: string; children?: ComponentChildren }) {
  return (
    <PlainPage>
      <section class="card message">
        <h1>{title}</h1>
        <p>{text}</p>
        {children}
      </section>
    </PlainPage>
  );
}
