import { intervalOf } from '../address/view.js';
import { PercentileLegend } from '../charts/legend.js';
import { PercentileChart, percentileTable } from '../charts/percentile-chart.js';
import { ChartFrame } from '../components/chart-frame.js';
import { duration } from '../format/numbers.js';
import { t } from '../texts/en.js';
import { downloadAddress, type KindView } from './kind-view.js';
import { useSeries } from './use-series.js';

/** The durations of a kind over time. */
export function PercentilesPanel({ of }: { of: KindView }) {
  const { timeZone } = of.view;
  const interval = intervalOf(of.view, Date.now());
  const { reading, state, summary, segments, holes } = useSeries(of, interval);
  const measures = summary?.stats;
  return (
    <ChartFrame
      title={t.measure.title}
      lead={measures ? t.measure.lead(duration(measures.p50), duration(measures.p95)) : t.measure.none}
      reading={reading}
      state={state === 'ready' && !measures ? 'empty' : state}
      table={percentileTable(segments, interval, timeZone)}
      csv={downloadAddress(of, 'csv')}
      size="middle"
      legend={<PercentileLegend />}
    >
      {(ids) => (
        <PercentileChart
          ids={ids}
          height={252}
          segments={segments}
          holes={holes}
          interval={interval}
          timeZone={timeZone}
        />
      )}
    </ChartFrame>
  );
}
