import type { EventPageQuery, EventRow } from '../stored-events/read-event-page.js';
import { daysOf, eventPages, PAGE_SIZE } from './event-pages.js';

const at = (time: string) => Date.parse(time);

describe('daysOf', () => {
  it('should split a window at every midnight in UTC, newest first', () => {
    const window = { from: at('2026-11-22T10:00:00Z'), to: at('2026-11-24T09:30:00.001Z') };
    expect(daysOf(window)).toEqual([
      { from: at('2026-11-24T00:00:00Z'), to: window.to },
      { from: at('2026-11-23T00:00:00Z'), to: at('2026-11-24T00:00:00Z') },
      { from: window.from, to: at('2026-11-23T00:00:00Z') },
    ]);
  });

  it('should return one part for a window within a day, and none for an empty window', () => {
    const day = { from: at('2026-11-24T00:00:00Z'), to: at('2026-11-25T00:00:00Z') };
    expect(daysOf(day)).toEqual([day]);
    expect(daysOf({ from: day.to - 1, to: day.to })).toEqual([{ from: day.to - 1, to: day.to }]);
    expect(daysOf({ from: day.from, to: day.from })).toEqual([]);
  });
});

describe('eventPages', () => {
  const window = { from: at('2026-11-22T00:00:00Z'), to: at('2026-11-24T00:00:00Z') };
  const query = { guildId: '1', kind: 1, window };
  const rows = (count: number, id: string) =>
    Array.from({ length: count }, () => ({ event_id: id, occurred_at: 'then' }) as EventRow);

  it('should continue after the last record of a full page, and with the previous day after a partial page', async () => {
    const answers = [rows(PAGE_SIZE, 'a'), rows(1, 'b'), rows(PAGE_SIZE, 'c'), []];
    const expected = answers.slice(0, 3).map((page) => [...page]);
    const asked: EventPageQuery[] = [];
    const pages: EventRow[][] = [];
    const readPage = async (page: EventPageQuery) => {
      asked.push(page);
      return answers[asked.length - 1]!;
    };
    for await (const page of eventPages(readPage, query)) pages.push([...page]);
    const after = (eventId: string) => ({ occurredAt: 'then', eventId });
    const [second, first] = daysOf(window);
    expect(asked).toEqual([
      { ...query, window: second, after: undefined, limit: PAGE_SIZE },
      { ...query, window: second, after: after('a'), limit: PAGE_SIZE },
      { ...query, window: first, after: undefined, limit: PAGE_SIZE },
      { ...query, window: first, after: after('c'), limit: PAGE_SIZE },
    ]);
    expect(pages).toEqual(expected);
  });

  it('should empty a page when the next one is requested', async () => {
    const pages = eventPages(async () => rows(PAGE_SIZE, 'a'), query);
    const first = (await pages.next()).value as EventRow[];
    expect(first).toHaveLength(PAGE_SIZE);
    await pages.next();
    expect(first).toHaveLength(0);
  });

  it('should read nothing before the first request, and nothing after it was stopped', async () => {
    let reads = 0;
    const pages = eventPages(async () => rows(PAGE_SIZE, String(++reads)), query);
    expect(reads).toBe(0);
    await pages.next();
    await pages.return();
    expect(reads).toBe(1);
  });
});
