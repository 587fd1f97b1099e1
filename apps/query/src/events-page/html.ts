/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

type Insertion = Html | string | number | undefined | readonly Html[];

/** HTML with texts inserted as texts: only what is {@link Html} stays as it is. */
export function html(parts: TemplateStringsArray, ...insertions: Insertion[]): Html {
  return new Html(parts.reduce((text, part, index) => text + insert(insertions[index - 1]) + part));
}

/** The Markdown of the document's descriptions: paragraphs, lists and `code`. */
export function markdown(text: string): Html[] {
  return text.split('\n\n').map((block) => {
    if (!block.startsWith('- ')) return html`<p>${inline(block)}</p>`;
    return html`<ul>
      ${block
        .slice(2)
        .split('\n- ')
        .map((item) => html`<li>${inline(item)}</li>`)}
    </ul>`;
  });
}

/** A text with `code` in it. */
export function inline(text: string): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function insert(insertion: Insertion): string {
  if (insertion === undefined) return '';
  if (insertion instanceof Html) return insertion.text;
  if (typeof insertion === 'object') return insertion.map(({ text }) => text).join('');
  return String(insertion).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
