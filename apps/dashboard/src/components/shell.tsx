import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../texts/en.js';
import { Brand } from './brand.js';
import { Icon } from './icon.js';

interface Props {
  /** The navigation. It is a drawer on narrow screens. */
  navigation: ComponentChildren;
  /** The address of the page. The drawer closes when it changes. */
  address: string;
  children: ComponentChildren;
}

/** The layout of all pages with a navigation. */
export function Shell({ navigation, address, children }: Props) {
  const drawer = useRef<HTMLDialogElement>(null);
  const content = useRef<HTMLElement>(null);
  const shown = useRef(address);
  const close = () => drawer.current?.close();
  useEffect(() => {
    if (shown.current === address) return;
    shown.current = address;
    close();
    // As after loading a page: the keyboard goes on in the new content, and screen readers begin there.
    content.current?.focus();
  }, [address]);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <header class="topbar">
        <button
          type="button"
          class="icon-button"
          aria-label={t.nav.menu}
          aria-haspopup="dialog"
          onClick={() => drawer.current?.showModal()}
        >
          <Icon name="menu" />
        </button>
        <Brand />
      </header>
      <div class="sidebar">{navigation}</div>
      <dialog
        ref={drawer}
        class="drawer"
        aria-label={t.nav.menu}
        onClick={(event) => event.target === drawer.current && close()}
      >
        <div class="drawer-body">
          <button type="button" class="icon-button" aria-label={t.nav.close} onClick={close}>
            <Icon name="close" />
          </button>
          {navigation}
        </div>
      </dialog>
      <main ref={content} id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
