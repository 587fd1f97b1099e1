import { DAY_MS } from '#libs/statistics';
import type { EventPageQuery, EventRow, RecordKey } from '../stored-events/read-event-page.js';
import type { TimeWindow } from '../window/window.js';

/** Records of a page: its text is one chunk of some 75 KiB, and larger pages are not read faster. */
export const PAGE_SIZE = 500;

type ReadPage = (query: EventPageQuery) => Promise<EventRow[]>;

/**
 * All events of a window, newest first, page by page; a page is read when it is asked for, and empty again when the
 * next one is. Each statement reads from one UTC day, which is one partition: that bounds what a statement costs,
 * however rare its rows are.
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
      // The driver's result still holds this array, and a chain of promises the results, until the next collection of
      // the whole heap. That would have all records of a long download grow old, and the heap by a hundred MB.
      rows.length = 0;
    } while (after !== undefined);
  }
}

/** The parts of a window by UTC days, newest first. */
export function daysOf({ from, to }: TimeWindow): TimeWindow[] {
  const days: TimeWindow[] = [];
  for (let end = to; end > from;) {
    const start = Math.max(from, Math.floor((end - 1) / DAY_MS) * DAY_MS);
    days.push({ from: start, to: end });
    end = start;
  }
  return days;
}
