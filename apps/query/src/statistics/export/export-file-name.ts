import type { TimeWindow } from '#libs/statistics';

/** A file name that describes the content, in characters that are safe in a header and in file systems. */
export function exportFileName(kindName: string, guildId: string, { from, to }: TimeWindow): string {
  const name = ['serverstats', kindName, guildId, basicTime(from), basicTime(to)].join('-');
  return name.replace(/[^\w.-]/g, '_');
}

/** ISO 8601 in its basic format. */
function basicTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
