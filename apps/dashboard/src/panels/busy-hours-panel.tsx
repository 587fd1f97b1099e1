import { cellName, HeatLegend, HeatMap, heatTable } from '../charts/heat-map.js';
import { ChartFrame } from '../components/chart-frame.js';
import { average } from '../format/numbers.js';
import { kindName } from '../kinds/kind-names.js';
import { busiestOf, heatCells } from '../series/heat-cells.js';
import { windowOf } from '../series/segments.js';
import { t } from '../texts/en.js';
import { downloadAddress, type KindView } from './kind-view.js';
import { useSeries } from './use-series.js';

/** The hours of the week in which a kind is busy. */
export function BusyHoursPanel({ of }: { of: KindView }) {
  const { reading, state, summary, segments, collected } = useSeries(of, 'hour');
  const { count } = kindName(of.kind);
  const cells = summary === undefined ? [] : heatCells(segments, collected, windowOf(summary), of.view.timeZone);
  const busiest = busiestOf(cells);
  const withNoun = (mean: number) => count(mean, average(mean));
  return (
    <ChartFrame
      title={t.heat.title}
      lead={
        busiest !== undefined
          ? t.heat.busiest(cellName(busiest), withNoun(busiest.mean))
          : state === 'off'
            ? t.chart.off
            : t.chart.empty
      }
      reading={reading}
      state={state}
      table={heatTable(cells)}
      csv={downloadAddress(of, 'csv')}
      size="middle"
      legend={<HeatLegend max={busiest?.mean ?? 0} />}
    >
      {(ids) => <HeatMap ids={ids} height={252} cells={cells} count={withNoun} />}
    </ChartFrame>
  );
}
