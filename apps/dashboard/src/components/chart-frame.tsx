import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { ChartIds } from '../charts/chart-ids.js';
import { t } from '../texts/en.js';
import { DataTable, type Table } from './data-table.js';
import { DownloadLink } from './download-link.js';
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
  children: (ids: ChartIds) => ComponentChildren;
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
          <DownloadLink href={csv} label={t.chart.csvOf(title)} text={t.chart.csv} />
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
