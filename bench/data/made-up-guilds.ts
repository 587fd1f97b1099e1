/** A made-up guild with a number of events. */
export interface MadeUpGuild {
  guildId: string;
  events: number;
  /** The number of active users. A tenth of them are bots. */
  users: number;
}

const FIRST_GUILD = 2_000_000_000_000_000_001n;
const EVENTS_PER_USER = 20;
const MIN_USERS = 20;

export function madeUpGuild(number: number, events: number, users: number): MadeUpGuild {
  return { guildId: String(FIRST_GUILD + BigInt(number)), events, users };
}

/** Distributes events over guilds: the n-th guild has 1/n of the events of the first one (Zipf). */
export function skewedGuilds(first: number, guilds: number, events: number, mostUsers: number): MadeUpGuild[] {
  const weights = Array.from({ length: guilds }, (_, index) => 1 / (index + 1));
  const sum = weights.reduce((a, b) => a + b, 0);
  let weightSoFar = 0;
  let eventsSoFar = 0;
  return weights.map((weight, index) => {
    weightSoFar += weight;
    const own = Math.round((events * weightSoFar) / sum) - eventsSoFar;
    eventsSoFar += own;
    const users = Math.min(mostUsers, Math.max(MIN_USERS, Math.round(own / EVENTS_PER_USER)));
    return madeUpGuild(first + index, own, users);
  });
}
