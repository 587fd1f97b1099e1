import { FLAG_IS_BOT, type StatisticEvent } from '#libs/contracts';
import { lockStripesSharedSql, type DirectConnection } from '#libs/database';
import { WHOLE_GUILD } from '#libs/erasure';
import { integersInSql } from './array-literal.js';

/** What a guild wants of its events: its settings and erasures at one moment, and how far back events are kept. */
export interface GuildRules {
  switches: ReadonlySet<string>;
  /** By user (0: everybody) the time, in Unix milliseconds, before which nothing is stored. */
  erasedBefore: Map<string, number>;
  /** Unix milliseconds; what is older is dropped, also where the retention was raised since. */
  eventHorizon: number;
}

/**
 * Begins a transaction, and reads the rules of these guilds. They stay true until it ends: whoever changes them waits
 * for the shared locks of the stripes, which are taken in a statement of their own before anything is read.
 *
 * The horizon is read last: a tombstone that it makes needless is dropped after it moved, so one of both is seen.
 *
 * @param userIds whose erasures are read, beside those of whole guilds
 * @returns the rules by guild; a guild without settings, or whose module is off, has none
 */
export async function beginUnderRules(
  connection: DirectConnection,
  guildIds: readonly string[],
  userIds: ReadonlySet<string>,
): Promise<Map<string, GuildRules>> {
  const guilds = `ANY (${integersInSql(guildIds)}::bigint[])`;
  const [, , settings, tombstones, horizon] = (await connection.run(`
    BEGIN ISOLATION LEVEL READ COMMITTED;
    ${lockStripesSharedSql(guildIds)};
    SELECT guild_id, array_to_string(switches, ',') AS switches FROM guild_settings WHERE guild_id = ${guilds} AND enabled;
    SELECT guild_id, user_id, ceil(extract(epoch FROM before) * 1000) AS before
    FROM erasure_tombstones WHERE guild_id = ${guilds} AND user_id = ANY (${integersInSql([WHOLE_GUILD, ...userIds])}::bigint[]);
    SELECT extract(epoch FROM events_since) * 1000 AS ms FROM event_horizon`)) as [
    unknown,
    unknown,
    { guild_id: string; switches: string }[],
    { guild_id: string; user_id: string; before: string }[],
    { ms: string }[],
  ];
  const eventHorizon = Number(horizon[0]!.ms);
  const rules = new Map<string, GuildRules>();
  const sets = new Map<string, ReadonlySet<string>>(); // many guilds have the same switches on
  for (const { guild_id, switches } of settings) {
    let set = sets.get(switches);
    if (set === undefined) sets.set(switches, (set = new Set(switches.split(','))));
    rules.set(guild_id, { switches: set, erasedBefore: new Map(), eventHorizon });
  }
  for (const { guild_id, user_id, before } of tombstones) {
    rules.get(guild_id)?.erasedBefore.set(user_id, Number(before));
  }
  return rules;
}

export function isWanted({ kind, flags, userId, occurredAt }: StatisticEvent, rules: GuildRules): boolean {
  const { switch: kindSwitch, botSwitch } = kind.definition;
  if (!rules.switches.has(kindSwitch)) return false;
  if (botSwitch !== undefined && (flags & FLAG_IS_BOT) !== 0 && !rules.switches.has(botSwitch)) return false;
  if (occurredAt < rules.eventHorizon) return false;
  if (rules.erasedBefore.size === 0) return true;
  return !isErased(WHOLE_GUILD, occurredAt, rules) && (userId === null || !isErased(userId, occurredAt, rules));
}

function isErased(user: string, occurredAt: number, { erasedBefore }: GuildRules): boolean {
  const before = erasedBefore.get(user);
  return before !== undefined && occurredAt < before;
}
