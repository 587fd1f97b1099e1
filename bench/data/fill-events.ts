import type pg from 'pg';
import { CATALOGUE, DISCORD_EPOCH_MS, SWITCH_NAMES } from '#libs/contracts';
import type { MadeUpGuild } from './made-up-guilds.js';

/** The share of each kind. */
export type KindShares = Partial<Record<keyof typeof CATALOGUE, number>>;

export interface MadeUpEvents {
  guilds: readonly MadeUpGuild[];
  kinds: KindShares;
  /** The end of the period, in Unix milliseconds. It starts `days` before. */
  to: number;
  days: number;
}

export const CHANNELS = 50;
const COMMANDS = 40;
const FIRST_USER = 155_149_108_183_695_360n;
const FIRST_CHANNEL = 381_870_553_235_193_857n;
const DAY_MS = 86_400_000;

/** The n-th user or channel of any guild. Low numbers have most of the events. */
export const userId = (index: number): string => String(FIRST_USER + BigInt(index));
export const channelId = (index: number): string => String(FIRST_CHANNEL + BigInt(index));

/** Enables the module with all switches on in these guilds. */
export async function openGuilds(client: pg.Client, guilds: readonly MadeUpGuild[]): Promise<void> {
  await client.query(
    `INSERT INTO guild_settings
       (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled)
     SELECT guild_id, true, now(), now(), $2, false, false FROM unnest($1::bigint[]) guild_id`,
    [guilds.map(({ guildId }) => guildId), SWITCH_NAMES],
  );
}

/**
 * Writes events in the order in which they would have arrived, with guilds mixed, so that the rows of a guild are as
 * scattered as in production. Busy hours have four times as many events as quiet ones, and a small part of the users,
 * channels and commands has most of them.
 */
export async function fillEvents(client: pg.Client, { guilds, kinds, to, days }: MadeUpEvents): Promise<void> {
  const shares = Object.entries(kinds) as [keyof typeof CATALOGUE, number][];
  const bounds = shares
    .slice(1)
    .map((_, index) => shares.slice(0, index + 1).reduce((sum, [, share]) => sum + share, 0));
  await client.query(`SET work_mem = '128MB'; SET synchronous_commit = off`);
  for (let day = 0; day < days; day++) {
    const counts = guilds.map(
      ({ events }) => Math.floor((events * (day + 1)) / days) - Math.floor((events * day) / days),
    );
    await client.query(FILL_DAY, [
      guilds.map(({ guildId }) => guildId),
      counts,
      guilds.map(({ users }) => users),
      new Date(to - (days - day) * DAY_MS).toISOString(),
      shares.map(([kind]) => CATALOGUE[kind].number),
      bounds,
    ]);
  }
  await client.query('RESET work_mem; RESET synchronous_commit');
}

/** `u + 0.6 * sin(2 pi u) / (2 pi)` distributes uniform random numbers over busy and quiet hours of the day. */
const FILL_DAY = `
  INSERT INTO statistic_events
    (guild_id, kind, occurred_at, event_id, user_id, channel_id, message_id, label, value, flags)
  SELECT guild_id, kind, occurred_at, gen_random_uuid(),
    CASE WHEN kind <> ${CATALOGUE['autoresponder.response_timed'].number} THEN ${FIRST_USER} + user_index END,
    CASE WHEN kind = ${CATALOGUE['message.sent'].number}
      THEN ${FIRST_CHANNEL} + floor(${CHANNELS} * power(random(), 2))::bigint END,
    CASE WHEN kind = ${CATALOGUE['message.sent'].number}
      THEN ((extract(epoch FROM occurred_at) * 1000)::bigint - ${DISCORD_EPOCH_MS} << 22) + (random() * 4194303)::bigint END,
    CASE WHEN kind = ${CATALOGUE['command.used'].number}
      THEN 'command-' || floor(${COMMANDS} * power(random(), 2)) END,
    CASE WHEN kind IN (${CATALOGUE['autoresponder.response_timed'].number}, ${CATALOGUE['tempchannel.creation_timed'].number})
      THEN exp(9 + 5 * random())::bigint END,
    CASE WHEN kind = ${CATALOGUE['message.sent'].number} AND user_index % 10 = 9 THEN 1 ELSE 0 END
  FROM (
    SELECT guild_id, ($5::smallint[])[1 + width_bucket(random(), $6::float8[])] AS kind,
      floor(users * power(random(), 2))::bigint AS user_index,
      date_trunc('milliseconds', $4::timestamptz + interval '1 day' * (u + 0.6 * sin(2 * pi() * u) / (2 * pi())))
        AS occurred_at
    FROM (
      SELECT guild_id, users, random() AS u
      FROM unnest($1::bigint[], $2::integer[], $3::integer[]) AS g(guild_id, events, users), generate_series(1, events)
    ) drawn
    ORDER BY occurred_at
  ) ordered`;
