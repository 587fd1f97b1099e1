/** Local times, computed by the runtime's own formatting and without code of the product. */

const MINUTE_MS = 60_000;
const BUCKET_MS = 15 * MINUTE_MS;
const formatters = new Map<string, Intl.DateTimeFormat>();
const shown = new Map<string, string>();

/** "2026-10-25 02:30" */
export function localTime(time: number, timeZone: string): string {
  const key = `${timeZone} ${Math.floor(time / MINUTE_MS)}`;
  let text = shown.get(key);
  if (text === undefined) {
    let formatter = formatters.get(timeZone);
    if (formatter === undefined) {
      formatter = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
      formatters.set(timeZone, formatter);
    }
    text = formatter.format(time);
    shown.set(key, text);
  }
  return text;
}

/** Whether a local day or hour begins at this quarter of an hour. */
function begins(quarter: number, interval: 'hour' | 'day', timeZone: string): boolean {
  const [now, before] = [localTime(quarter, timeZone), localTime(quarter - MINUTE_MS, timeZone)];
  if (interval === 'day') return now.slice(0, 10) !== before.slice(0, 10);
  return now.endsWith(':00') || now.slice(0, 13) !== before.slice(0, 13);
}

/** The starts of all local days or hours that the window touches. */
export function bucketStarts(from: number, to: number, interval: 'hour' | 'day', timeZone: string): number[] {
  let first = Math.floor(from / BUCKET_MS) * BUCKET_MS;
  while (!begins(first, interval, timeZone)) first -= BUCKET_MS;
  const starts = [first];
  for (let quarter = first + BUCKET_MS; quarter < to; quarter += BUCKET_MS) {
    if (begins(quarter, interval, timeZone)) starts.push(quarter);
  }
  return starts;
}

/** The clock changes of a zone between two days, to the quarter of an hour; if there is none, a time in between. */
export function clockChanges(timeZone: string, from: number, to: number): number[] {
  const changes: number[] = [];
  const offset = (time: number) => Date.parse(`${localTime(time, timeZone).replace(' ', 'T')}Z`) - time;
  for (let quarter = from; quarter < to; quarter += BUCKET_MS) {
    if (offset(quarter) !== offset(quarter - BUCKET_MS)) changes.push(quarter);
  }
  return changes.length > 0 ? changes : [to - 100 * 86_400_000];
}
