import type { StatisticEvent, StatisticsContract } from '#libs/contracts';
import { plainArray, textArray } from './array-literal.js';

/** The parameters of {@link eventArrays} and {@link kindArrays} as a table. */
const events = (withPosition = false) => `
  b AS MATERIALIZED (
    SELECT e.*, k.switch, k.bot_switch
    FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::text[], $9::bigint[], $10::smallint[], $11::bigint[]) ${withPosition ? 'WITH ORDINALITY' : ''}
      AS e(guild_id, kind, occurred_ms, event_id, user_id, channel_id, message_id, label, value, flags, actor_id${withPosition ? ', position' : ''})
    JOIN unnest($12::smallint[], $13::text[], $14::text[]) AS k(kind, switch, bot_switch) ON k.kind = e.kind
  )`;

const OCCURRED_AT = `timestamptz 'epoch' + b.occurred_ms * interval '1 millisecond'`;

/** The events that the guild wants: by its current settings and tombstones, and not from before the event horizon. */
const wanted = (join = '') => `
  FROM b
  JOIN guild_settings s ON s.guild_id = b.guild_id
    AND s.enabled
    AND b.switch = ANY (s.switches)
    AND (b.flags & 1 = 0 OR b.bot_switch IS NULL OR b.bot_switch = ANY (s.switches))
  ${join}
  WHERE NOT EXISTS (
    SELECT FROM erasure_tombstones t
    WHERE t.guild_id = s.guild_id AND (t.user_id = 0 OR t.user_id = b.user_id) AND t.before > ${OCCURRED_AT}
  ) AND ${OCCURRED_AT} >= (SELECT events_since FROM event_horizon)`;

/** Joins the tombstone that an event's actor has, if that member was erased after the event. */
const ERASED_ACTOR = `
  LEFT JOIN erasure_tombstones erased ON erased.guild_id = s.guild_id AND erased.user_id = b.actor_id
    AND erased.before > ${OCCURRED_AT}`;

/**
 * One statement for a batch. The guild is always taken from the settings, and events from a materialized CTE, so that
 * the statement also runs on a database that is sharded by guild. Rows are inserted in the same order as by COPY, by
 * day and key; otherwise two instances with the same events could deadlock.
 */
export const INSERT_EVENTS = `
  WITH ${events()},
  ins AS (
    INSERT INTO statistic_events
      (guild_id, kind, occurred_at, event_id, user_id, channel_id, message_id, label, value, flags, actor_id)
    SELECT s.guild_id, b.kind, ${OCCURRED_AT}, b.event_id, b.user_id, b.channel_id, b.message_id, b.label, b.value, b.flags,
      CASE WHEN erased.user_id IS NULL THEN b.actor_id END
    ${wanted(ERASED_ACTOR)}
    ORDER BY b.occurred_ms / 86400000, s.guild_id, b.kind, b.occurred_ms, b.event_id
    ON CONFLICT DO NOTHING
    RETURNING guild_id, kind, occurred_at
  ),
  stale AS (
    INSERT INTO statistic_rollup_pending (guild_id, kind, bucket)
    SELECT DISTINCT s.guild_id, ins.kind, date_bin('15 minutes', ins.occurred_at, 'epoch')
    FROM ins JOIN guild_settings s ON s.guild_id = ins.guild_id
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING
  )
  SELECT count(*) AS count FROM ins`;

export const COUNT_WANTED = `WITH ${events()} SELECT count(*) AS count ${wanted()}`;

/** The positions of the wanted events among the parameters, from 1 on. */
export const FIND_WANTED = `WITH ${events(true)} SELECT b.position::int AS position ${wanted()} ORDER BY 1`;

/** The kinds as parameters of the insert. */
export type KindArrays = readonly [numbers: string, switches: string, botSwitches: string];

export function kindArrays(contract: StatisticsContract): KindArrays {
  const { kinds } = contract;
  return [
    plainArray(kinds.map(({ number }) => number)),
    textArray(kinds.map(({ definition }) => definition.switch)),
    textArray(kinds.map(({ definition }) => definition.botSwitch ?? null)),
  ];
}

export function eventArrays(batch: readonly StatisticEvent[]): string[] {
  return [
    plainArray(batch.map((event) => event.guildId)),
    plainArray(batch.map((event) => event.kind.number)),
    plainArray(batch.map((event) => event.occurredAt)),
    plainArray(batch.map((event) => event.eventId)),
    plainArray(batch.map((event) => event.userId)),
    plainArray(batch.map((event) => event.channelId)),
    plainArray(batch.map((event) => event.messageId)),
    textArray(batch.map((event) => event.label)),
    plainArray(batch.map((event) => event.value)),
    plainArray(batch.map((event) => event.flags)),
    plainArray(batch.map((event) => event.actorId)),
  ];
}
