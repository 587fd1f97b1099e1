import type pg from 'pg';
import { CATALOGUE } from '#libs/contracts';
import { CHANNELS, channelId, userId } from '../data/fill-events.js';
import type { MadeUpGuild } from '../data/made-up-guilds.js';
import type { ApiClient } from '../harness/api-client.js';

export interface Span {
  /** Unix milliseconds. */
  from: number;
  to: number;
}

const DAY_MS = 86_400_000;
export const PAGE = 100;

/** The last days of the events. The window is fixed, so that all requests are about the same events. */
export function lastDays(days: number, to: number): Span {
  return { from: to - days * DAY_MS, to };
}

export function summaryPath({ guildId }: MadeUpGuild, span: Span, more = ''): string {
  return `stats/message/summary?guild_id=${guildId}&${windowText(span)}${more}`;
}

/** The variants of summaries, as additional query parameters. */
export function summaryVariants({ users }: MadeUpGuild): Record<string, string> {
  return {
    total: '',
    'by user': '&group_by=user',
    'by channel': '&group_by=channel',
    'of a channel': `&channel_id=${channelId(CHANNELS >> 1)}`,
    'of a user': `&user_id=${userId(users >> 1)}`,
  };
}

export function overviewPath({ guildId }: MadeUpGuild, span: Span): string {
  return `stats/overview?guild_id=${guildId}&${windowText(span)}`;
}

export function gaugesPath({ guildId }: MadeUpGuild, span: Span, more = ''): string {
  return `stats/gauges?guild_id=${guildId}&${windowText(span)}${more}`;
}

/** @param cursor the cursor of the previous page */
export function viewPath({ guildId }: MadeUpGuild, span: Span, cursor?: string): string {
  const path = `stats/message/view?guild_id=${guildId}&limit=${PAGE}`;
  return cursor === undefined ? `${path}&${windowText(span)}` : `${path}&cursor=${encodeURIComponent(cursor)}`;
}

/** Reads all pages before this one, like a client. @returns the cursor of the page */
export async function cursorOfPage(api: ApiClient, guild: MadeUpGuild, span: Span, number: number): Promise<string> {
  let cursor: string | undefined;
  for (let page = 1; page < number; page++) {
    const answer = await api.get<{ page: { next_cursor: string | null } }>(viewPath(guild, span, cursor));
    if (answer.page.next_cursor === null) throw new Error(`${guild.guildId} has only ${page} pages`);
    cursor = answer.page.next_cursor;
  }
  return cursor!;
}

/** SQL queries that compute the same from the events. */
export const GROUP_BYS = {
  'a total of each day': `SELECT date_trunc('day', occurred_at, 'UTC') AS key, count(*) AS n`,
  'top users': `SELECT user_id AS key, count(*) AS n`,
  'top channels': `SELECT channel_id AS key, count(*) AS n`,
} as const;

export async function groupBy(
  client: pg.Client,
  { guildId }: MadeUpGuild,
  { from, to }: Span,
  select: string,
): Promise<{ key: string; n: string }[]> {
  const order = select.includes('_id AS key') ? 'ORDER BY n DESC, key LIMIT 10' : '';
  const { rows } = await client.query<{ key: string; n: string }>(
    `${select} FROM statistic_events
     WHERE guild_id = $1 AND kind = ${CATALOGUE['message.sent'].number} AND occurred_at >= $2 AND occurred_at < $3
     GROUP BY 1 ${order}`,
    [guildId, new Date(from).toISOString(), new Date(to).toISOString()],
  );
  return rows;
}

/** The series of the gauge `members` in UTC days, computed from the snapshots. */
export async function membersByDay(
  client: pg.Client,
  { guildId }: MadeUpGuild,
  { from, to }: Span,
): Promise<{ last: number; min: number; max: number }[]> {
  const { rows } = await client.query<{ last: number; min: number; max: number }>(
    `SELECT min(count) AS min, max(count) AS max, (array_agg(count ORDER BY occurred_at DESC))[1] AS last
     FROM (SELECT occurred_at, (counts->>'member_count')::integer AS count FROM guild_snapshots
       WHERE guild_id = $1 AND occurred_at >= $2 AND occurred_at < $3) counted
     GROUP BY date_trunc('day', occurred_at, 'UTC') ORDER BY date_trunc('day', occurred_at, 'UTC')`,
    [guildId, new Date(from), new Date(to)],
  );
  return rows;
}

function windowText({ from, to }: Span): string {
  return `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
}
