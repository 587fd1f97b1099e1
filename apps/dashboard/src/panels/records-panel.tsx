import { useId, useState } from 'preact/hooks';
import { isLive } from '../address/view.js';
import { useApiPage } from '../api/queries.js';
import type { EventRecord } from '../api/types.js';
import { WithoutData } from '../components/chart-frame.js';
import { DataTable } from '../components/data-table.js';
import { DownloadLink } from '../components/download-link.js';
import { frameState } from '../components/frame-state.js';
import { formatDate } from '../format/dates.js';
import { exact } from '../format/numbers.js';
import { hasOptionalUser, subjectOfField } from '../kinds/group-subject.js';
import { fieldName, kindName } from '../kinds/kind-names.js';
import { t } from '../texts/en.js';
import { downloadAddress, windowOfGuild, type KindView } from './kind-view.js';
import { NameText } from './name-text.js';
import { useNames } from './use-names.js';

const PER_PAGE = 25;
/** The types of fields that hold times. */
const TIMES: ReadonlySet<string> = new Set(['occurred_at', 'since']);

interface Field {
  name: string;
  type: string;
}

/** The records of a kind, page by page, and their downloads. */
export function RecordsPanel({ of }: { of: KindView }) {
  const id = useId();
  const { kind, guild, view } = of;
  /** The cursors of the pages up to this one. The first page has none. */
  const [cursors, setCursors] = useState<string[]>([]);
  const cursor = cursors.at(-1);
  const query = { ...windowOfGuild(of), limit: String(PER_PAGE), ...(cursor !== undefined && { cursor }) };
  const records = useApiPage<EventRecord[]>(kind.view_path, query, {
    live: cursor === undefined && isLive(view, Date.now()),
  });
  const { data: rows = [], page } = records.data ?? {};
  const next = page?.next_cursor ?? null;
  const fields = fieldsOf(of);
  const isUser = ({ type }: Field) => subjectOfField(type) === 'user';
  const userIds = rows.flatMap((row) =>
    fields.filter(isUser).flatMap(({ name }) => (row[name] as string | null) ?? []),
  );
  const nameOf = useNames(guild, userIds);
  const state = frameState(records, () => (rows.length === 0 ? 'empty' : 'ready'));
  const title = `${t.records.title}: ${kindName(kind).label}`;
  const cell = (row: EventRecord, { name, type }: Field) => {
    const value = row[name];
    if (value === null || value === undefined) return '–';
    if (typeof value === 'boolean') return value ? t.records.yes : t.records.no;
    if (typeof value === 'number') return exact(value);
    if (typeof value !== 'string') return JSON.stringify(value);
    if (TIMES.has(type)) return formatDate(Date.parse(value), 'instant', view.timeZone);
    return <NameText {...nameOf(subjectOfField(type), value)} />;
  };
  const table = {
    head: [t.records.time, ...fields.map(({ name, type }) => headOf(name, type))],
    rows: rows.map((row) => [
      formatDate(Date.parse(row.timestamp), 'instant', view.timeZone),
      ...fields.map((field) => cell(row, field)),
    ]),
  };
  return (
    <section class="card" aria-labelledby={id} aria-busy={state === 'loading'} data-state={state}>
      <header class="card-head">
        <div>
          <h2 id={id}>{t.records.title}</h2>
          <p class="lead">{t.records.lead}</p>
        </div>
        <div class="card-tools">
          <DownloadLink href={downloadAddress(of, 'csv')} label={t.chart.csvOf(title)} text={t.chart.csv} />
          <DownloadLink
            href={downloadAddress(of, 'ndjson')}
            label={t.records.ndjsonOf(title)}
            text={t.records.ndjson}
          />
        </div>
      </header>
      <div class="records-room">
        {records.data === undefined ? (
          <WithoutData reading={records} />
        ) : rows.length === 0 ? (
          <p class="nothing">{t.chart.empty}</p>
        ) : (
          <DataTable title={title} table={table} className="records" />
        )}
      </div>
      <div class="paging">
        <button
          type="button"
          class="button"
          disabled={cursors.length === 0}
          onClick={() => setCursors(cursors.slice(0, -1))}
        >
          {t.records.newer}
        </button>
        <button
          type="button"
          class="button"
          disabled={next === null || records.isPlaceholderData}
          onClick={() => next !== null && setCursors([...cursors, next])}
        >
          {t.records.older}
        </button>
      </div>
    </section>
  );
}

function fieldsOf({ kind }: KindView): Field[] {
  return hasOptionalUser(kind) ? [{ name: 'user_id', type: 'user_id' }, ...kind.fields] : kind.fields;
}

function headOf(name: string, type: string): string {
  return type === 'value' ? t.measure.milliseconds(fieldName(name)) : fieldName(name);
}
