import { t } from '../texts/en.js';

/** The logo and the name of the product. */
export function Brand() {
  return (
    <span class="brand">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" class="mark">
        <rect width="32" height="32" rx="8" />
        <path d="M8 22v-6M13.3 22V10M18.7 22v-9" />
        <circle cx="24" cy="20.4" r="2.2" />
      </svg>
      {t.app}
    </span>
  );
}

/** Stands for the icon of a guild: the initials of its name. */
export function GuildMark({ name }: { name: string }) {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const letters = words.slice(0, 2).map((word) => String.fromCodePoint(word.codePointAt(0)!));
  return (
    <span class="guild-mark" aria-hidden="true">
      {letters.join('').toUpperCase()}
    </span>
  );
}
