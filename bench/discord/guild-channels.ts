/** The channels of a made-up guild. Their ids are that of the guild with another first digit. */
export function channelsOf(guildId: string) {
  const rest = guildId.slice(1);
  return { people: `2${rest}`, starboard: `3${rest}`, category: `4${rest}`, members: `5${rest}` };
}

export function guildOf(channelId: string): string {
  return `1${channelId.slice(1)}`;
}
