/** Outlines of 20 pixels. They are decoration: a text always says the same. */
const PATHS = {
  overview: 'M3.5 16.5v-5M8 16.5v-9M12.5 16.5v-6M17 16.5v-13',
  message: 'M3.5 4.5h13v9h-7l-3.5 3v-3h-2.5z',
  command: 'M11.5 4l-3 12M5.5 6.5L2.5 10l3 3.5M14.5 6.5l3 3.5-3 3.5',
  reminder: 'M10 5.5V10l3 2M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z',
  giveaway:
    'M3.5 9.5v7h13v-7M2.5 6.5h15v3h-15zM10 6.5v10M10 6.5c-4.5 0-4.5-4 -1.8-4 1.3 0 1.8 2 1.8 4zM10 6.5c4.5 0 4.5-4 1.8-4 -1.3 0-1.8 2-1.8 4z',
  tempchannel: 'M4 8h12M3.5 12.5h12M8.5 3.5l-1.5 13M13.5 3.5l-1.5 13',
  reactionrole: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM7 11.5c.7 1.3 1.7 2 3 2s2.3-.7 3-2M7.7 8v.1M12.3 8v.1',
  tag: 'M3.5 3.5h6l7 7-6 6-7-7zM7 7v.1',
  autoresponder: 'M11 2.5L4.5 11.5H9.5L8.5 17.5L15.5 8.5H10.5z',
  member: 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c0-3 2.5-4.5 6-4.5s6 1.5 6 4.5',
  event: 'M10 6.5v7M6.5 10h7M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z',
  export: 'M10 3v9M6.5 8.5L10 12l3.5-3.5M3.5 16.5h13',
  table: 'M3.5 4.5h13v11h-13zM3.5 8.2h13M3.5 11.9h13M8.5 4.5v11',
  menu: 'M3 5.5h14M3 10h14M3 14.5h14',
  close: 'M5 5l10 10M15 5L5 15',
  leave: 'M8 3.5H4v13h4M12.5 6.5L16 10l-3.5 3.5M16 10H8',
  next: 'M8 5l5 5-5 5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The icon of a kind: that of the part of its name before the point. */
export function kindIcon(kind: string): IconName {
  const subject = kind.split('.', 1)[0]!;
  return Object.hasOwn(PATHS, subject) ? (subject as IconName) : 'event';
}
