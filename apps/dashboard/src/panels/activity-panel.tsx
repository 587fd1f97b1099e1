import type { ComponentChildren } from 'preact';
import { intervalOf } from '../address/view.js';
import { ActivityChart, activityTable } from '../charts/activity-chart.js';
import { ActivityLegend } from '../charts/legend.js';
import { ChartFrame } from '../components/chart-frame.js';
import { average, exact } from '../format/numbers.js';
import { kindName } from '../kinds/kind-names.js';
import { meanOf } from '../series/segments.js';
import { t } from '../texts/en.js';
import { downloadAddress, type KindView } from './kind-view.js';
import { useSeries } from './use-series.js';

/** The counts of a kind over time. */
export function ActivityPanel({ of, tools }: { of: KindView; tools?: ComponentChildren }) {
  const { timeZone } = of.view;
  const interval = intervalOf(of.view, Date.now());
  const { reading, state, summary, segments, holes } = useSeries(of, interval);
  const { label, count } = kindName(of.kind);
  const per = interval === 'day' ? t.chart.perDay : t.chart.perHour;
  const mean = meanOf(segments);
  const total = summary?.total ?? 0;
  const sum = t.chart.sum(count(total, exact(total)), mean === null ? null : `${average(mean)} ${per}`);
  return (
    <ChartFrame
      title={`${label} ${per}`}
      lead={state === 'off' ? t.chart.off : state === 'empty' ? t.chart.empty : sum}
      reading={reading}
      state={state}
      table={activityTable(segments, interval, timeZone)}
      csv={downloadAddress(of, 'csv')}
      size="tall"
      legend={<ActivityLegend segments={segments} holes={holes} />}
      tools={tools}
    >
      {(ids) => (
        <ActivityChart
          ids={ids}
          height={300}
          segments={segments}
          holes={holes}
          interval={interval}
          timeZone={timeZone}
          count={(number) => count(number, exact(number))}
        />
      )}
    </ChartFrame>
  );
}
