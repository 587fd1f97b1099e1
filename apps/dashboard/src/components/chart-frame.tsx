import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { t } from '../texts/en.js';
import { DataTable, type Table } from './data-table.js';
import { Failure } from './failure.js';
import type { FrameState, Reading } from './frame-state.js';
import { Icon } from './icon.js';

interface Props {
  title: string;
  /** One sentence that says what the chart shows. Screen readers get it as the description of the chart. */
  lead: ComponentChildren;
  reading: Reading;
  state: FrameState;
  table: Table;
  /** Where the records are downloaded. */
  csv: string;
  size: 'tall' | 'middle';
  legend?: ComponentChildren;
  tools?: ComponentChildren;
  children: (ids: { title: string; lead: string }) => ComponentChildren;
}

/** The frame of every chart, with its table, its download and its states. Its height is always the same. */
export function ChartFrame({ title, lead, reading, state, table, csv, size, legend, tools, children }: Props) {
  const id = useId();
  const [isTable, setIsTable] = useState(false);
  const ids = { title: `${id}-title`, lead: `${id}-lead` };
  const hasData = reading.data !== undefined;
  return (
    <section class="card" aria-labelledby={ids.title} aria-busy={state === 'loading'} data-state={state}>
      <header class="card-head">
        <div>
          <h2 id={ids.title}>{title}</h2>
          <p id={ids.lead} class="lead">
            {hasData ? lead : '\u00a0'}
          </p>
        </div>
        <div class="card-tools">
          {tools}
          <button
            type="button"
            class="tool"
            aria-pressed={isTable}
            aria-label={t.chart.tableOf(title)}
            onClick={() => setIsTable(!isTable)}
          >
            <Icon name="table" />
            {t.chart.table}
          </button>
          <a class="tool" href={csv} download aria-label={t.chart.csvOf(title)}>
            <Icon name="export" />
            {t.chart.csv}
          </a>
        </div>
      </header>
      <div class={`plot plot-${size}`}>
        {!hasData ? (
          <WithoutData reading={reading} />
        ) : isTable ? (
          <DataTable title={t.chart.tableOf(title)} table={table} />
        ) : (
          children(ids)
        )}
      </div>
      {legend && <div class="legend-row">{legend}</div>}
    </section>
  );
}

/** The error, or the place of data that is being read. */
export function WithoutData({ reading: { error, refetch } }: { reading: Reading }) {
  if (error !== null) return <Failure error={error} retry={refetch} />;
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">{t.loading}</span>
    </div>
  );
}
