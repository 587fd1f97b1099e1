import { DAY_MS, type TimeWindow } from '#libs/statistics';
import type { EventPageQuery, EventRow, RecordKey } from '../stored-events/read-event-page.js';

/** Records per page. The text of a page is a chunk of about 75 KiB, and larger pages are not faster. */
export const PAGE_SIZE = 500;

type ReadPage = (query: EventPageQuery) => Promise<EventRow[]>;

/**
 * Reads all events of a window, newest first, page by page. A page is read when it is requested, and emptied when the
 * next one is requested. Each statement reads from one UTC day, which is one partition. This limits the cost of a
 * statement that finds few rows.
 */
export async function* eventPages(
  readPage: ReadPage,
  query: Omit<EventPageQuery, 'after' | 'limit'>,
): AsyncGenerator<EventRow[], void> {
  for (const window of daysOf(query.window)) {
    let after: RecordKey | undefined;
    do {
      const rows = await readPage({ ...query, window, after, limit: PAGE_SIZE });
      const last = rows.length < PAGE_SIZE ? undefined : rows.at(-1);
      after = last && { occurredAt: last.occurred_at, eventId: last.event_id };
      if (rows.length > 0) yield rows;
      // Without this, promises keep the driver's results and their rows alive until the next full garbage collection.
      // During a long download, the heap would grow by about 100 MB.
      rows.length = 0;
    } while (after !== undefined);
  }
}

/** Splits a window into UTC days, newest first. */
export function daysOf({ from, to }: TimeWindow): TimeWindow[] {
  const days: TimeWindow[] = [];
  for (let end = to; end > from;) {
    const start = Math.max(from, Math.floor((end - 1) / DAY_MS) * DAY_MS);
    days.push({ from: start, to: end });
    end = start;
  }
  return days;
}
