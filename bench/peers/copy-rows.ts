import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { BenchDatabase } from '../harness/databases.js';
import type { MadeUpEvent } from '../data/made-up-events.js';

const LINES_PER_CHUNK = 1_000;

/** The rows per second of one COPY of all events. */
export async function timeCopy(database: BenchDatabase, events: readonly MadeUpEvent[]): Promise<number> {
  const lines = events.map(({ row }) => {
    const { guildId, kind, occurredAt, eventId, userId, channelId = '\\N', messageId = '\\N', label = '\\N' } = row;
    return `${guildId}\t${kind}\t${occurredAt}\t${eventId}\t${userId}\t${channelId}\t${messageId}\t${label}\t0\n`;
  });
  const chunks = [];
  for (let at = 0; at < lines.length; at += LINES_PER_CHUNK)
    chunks.push(lines.slice(at, at + LINES_PER_CHUNK).join(''));
  const started = performance.now();
  const copy = copyFrom(
    `COPY statistic_events (guild_id, kind, occurred_at, event_id, user_id, channel_id, message_id, label, flags)
     FROM STDIN`,
  );
  await pipeline(Readable.from(chunks), database.client.query(copy));
  const seconds = (performance.now() - started) / 1000;
  await database.client.query('TRUNCATE statistic_events, statistic_rollup_pending');
  return events.length / seconds;
}
