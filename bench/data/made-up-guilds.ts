/** A guild that has so many events in all. */
export interface MadeUpGuild {
  guildId: string;
  events: number;
  /** Members who do something; a tenth of them are bots. */
  users: number;
}

const FIRST_GUILD = 2_000_000_000_000_000_001n;
const EVENTS_A_USER = 20;
const FEWEST_USERS = 20;

/** The n-th guild, with as many events as are given. */
export function madeUpGuild(number: number, events: number, users: number): MadeUpGuild {
  return { guildId: String(FIRST_GUILD + BigInt(number)), events, users };
}

/** So many guilds with so many events together, the n-th having 1/n of what the first has (Zipf). */
export function skewedGuilds(first: number, guilds: number, events: number, mostUsers: number): MadeUpGuild[] {
  const weights = Array.from({ length: guilds }, (_, index) => 1 / (index + 1));
  const sum = weights.reduce((a, b) => a + b, 0);
  let weightSoFar = 0;
  let eventsSoFar = 0;
  return weights.map((weight, index) => {
    weightSoFar += weight;
    const own = Math.round((events * weightSoFar) / sum) - eventsSoFar;
    eventsSoFar += own;
    const users = Math.min(mostUsers, Math.max(FEWEST_USERS, Math.round(own / EVENTS_A_USER)));
    return madeUpGuild(first + index, own, users);
  });
}
