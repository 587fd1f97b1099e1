const VERBATIM = [2, 4, 13];

/** Only voice channels, stages and categories keep a name as it is. */
export function channelName(type: number, name: string): string {
  return VERBATIM.includes(type) ? name : name.toLowerCase().replaceAll(/\s+/g, '-');
}
