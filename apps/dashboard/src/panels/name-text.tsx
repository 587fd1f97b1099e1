import type { Named } from './use-names.js';

/** A name, or an id and why it has no name. */
export function NameText({ text, note, isId }: Named) {
  return (
    <span class="who">
      <span class={isId ? 'name code' : 'name'} title={text}>
        {text}
      </span>
      {note !== undefined && <span class="note">{note}</span>}
    </span>
  );
}
