import { createHash } from 'node:crypto';
import { BadRequestError } from '../../http/api-error.js';
import type { RecordKey } from '../stored-events/read-event-page.js';
import type { TimeWindow } from '#libs/statistics';

/**
 * The position between two pages. It contains the window of the first page, so that all pages have the same window.
 */
export interface ViewCursor {
  window: TimeWindow;
  after: RecordKey;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LATEST_MS = 8_640_000_000_000_000;

/** @param subject identifies the records (guild, kind, filters), so that a cursor is rejected for other records */
export function writeCursor({ window, after }: ViewCursor, subject: readonly unknown[]): string {
  const parts = [window.from, window.to, after.occurredAt, after.eventId, fingerprint(subject)];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws BadRequestError that names `cursor` */
export function readCursor(text: string, subject: readonly unknown[]): ViewCursor {
  const cursor = parse(text, fingerprint(subject));
  if (cursor !== undefined) return cursor;
  const message = 'must be the next_cursor of a page with the same guild_id and filters';
  throw new BadRequestError([{ field: 'cursor', message }]);
}

function parse(text: string, expectedFingerprint: string): ViewCursor | undefined {
  if (!/^[\w-]{1,400}$/.test(text)) return undefined;
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== 5) return undefined;
  const [from, to, occurredAt, eventId, found] = parts as unknown[];
  if (!isTime(from) || !isTime(to) || found !== expectedFingerprint) return undefined;
  if (typeof occurredAt !== 'string' || !isStoredTime(occurredAt)) return undefined;
  if (typeof eventId !== 'string' || !UUID.test(eventId)) return undefined;
  return { window: { from, to }, after: { occurredAt, eventId } };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LATEST_MS;
}

/** Date.parse accepts 30 February (as 2 March) and the year 0. Postgres accepts neither. */
function isStoredTime(text: string): boolean {
  if (!TIME.test(text) || text.startsWith('0000')) return false;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 23) === text.slice(0, 23);
}

/** Protects against mistakes. It is not a security measure: a forged cursor gives access to nothing additional. */
function fingerprint(subject: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(subject)).digest('base64url').slice(0, 12);
}
