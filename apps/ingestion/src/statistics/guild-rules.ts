import { FLAG_IS_BOT, type StatisticEvent } from '#libs/contracts';
import { lockStripesSharedSql, type DirectConnection } from '#libs/database';
import { WHOLE_GUILD } from '#libs/erasure';
import { integersInSql } from './array-literal.js';

/** Which events of a guild are stored: its settings and erasures at one moment, and the event horizon. */
export interface GuildRules {
  switches: ReadonlySet<string>;
  /** The time of each tombstone in Unix milliseconds, by user (0: the whole guild). Older events are not stored. */
  erasedBefore: Map<string, number>;
  /** Unix milliseconds. Older events are dropped. */
  eventHorizon: number;
}

/**
 * Begins a transaction and reads the rules of these guilds. They cannot change until it ends, because changes need the
 * exclusive locks of the stripes. The shared locks are taken by a separate statement before the rules are read.
 *
 * The horizon is read last. A tombstone is dropped only after the horizon has passed it, so at least one of the two is
 * seen.
 *
 * @param userIds users whose tombstones are read, in addition to those of whole guilds
 * @returns the rules by guild; none for guilds without settings or with the module off
 */
export async function beginWithRules(
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

/** The event without an actor who was erased after it. The event of another member is kept. */
export function withoutErasedActor(event: StatisticEvent, rules: GuildRules): StatisticEvent {
  const { actorId, occurredAt } = event;
  return actorId !== null && isErased(actorId, occurredAt, rules) ? { ...event, actorId: null } : event;
}

function isErased(user: string, occurredAt: number, { erasedBefore }: GuildRules): boolean {
  const before = erasedBefore.get(user);
  return before !== undefined && occurredAt < before;
}
