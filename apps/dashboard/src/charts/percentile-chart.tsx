import { area, line } from 'd3-shape';
import type { Measures } from '../api/types.js';
import { formatBucket } from '../format/dates.js';
import { duration, exact } from '../format/numbers.js';
import type { Segment } from '../series/segments.js';
import { t } from '../texts/en.js';
import type { Interval } from '../time/time-zone.js';
import { Cursor, TimePlot, type TimeSeries } from './time-plot.js';

const EDGE = { left: 56, right: 8 };
const SHOWN = ['p50', 'p95', 'p99'] as const;
const TABLE = ['avg', 'min', 'max', ...SHOWN] as const;

/** Percentiles over time. Buckets without a value interrupt the lines. */
export function PercentileChart(series: TimeSeries) {
  const { segments } = series;
  const say = ({ state, measures }: Segment) => {
    const values = measures && SHOWN.map((name) => `${t.measure[name]} ${duration(measures[name])}`).join(', ');
    return values ?? (state === 'hole' ? t.chart.remarks.hole : t.measure.none);
  };
  const top = Math.max(1, ...segments.map(({ measures }) => measures?.p99 ?? 0));
  return (
    <TimePlot {...series} edge={EDGE} top={top} format={duration} say={say}>
      {({ x, y, active }) => {
        const middle = ({ start, end }: Segment) => x((start + end) / 2);
        const hasValue = ({ measures }: Segment) => measures !== null;
        const height = (name: keyof Measures) => (segment: Segment) => y(segment.measures?.[name] ?? 0);
        const all = [...segments];
        const lineOf = (name: keyof Measures) =>
          line<Segment>().defined(hasValue).x(middle).y(height(name))(all) ?? undefined;
        const band = area<Segment>().defined(hasValue).x(middle).y0(height('p50')).y1(height('p95'))(all) ?? undefined;
        return (
          <>
            <path class="band" d={band} />
            {SHOWN.toReversed().map((name) => (
              <path key={name} class={name} d={lineOf(name)} />
            ))}
            {segments.filter(isAlone(segments)).map((segment) => (
              <circle key={segment.start} class="dot" cx={middle(segment)} cy={height('p50')(segment)} r="2.5" />
            ))}
            <Cursor active={active} x={x} y={y} />
            {active?.measures &&
              SHOWN.map((name) => (
                <circle key={name} class={`dot dot-${name}`} cx={middle(active)} cy={height(name)(active)} r="4" />
              ))}
          </>
        );
      }}
    </TimePlot>
  );
}

/** Whether a bucket has a value and its neighbours have none, so that no line shows it. */
const isAlone = (segments: readonly Segment[]) => (segment: Segment, index: number) =>
  segment.measures !== null && !segments[index - 1]?.measures && !segments[index + 1]?.measures;

export function percentileTable(segments: readonly Segment[], interval: Interval, timeZone: string) {
  return {
    head: [
      t.chart.time,
      t.chart.count,
      ...TABLE.map((name) => t.measure.milliseconds(t.measure[name])),
      t.chart.remark,
    ],
    rows: segments.map(({ start, count, state, measures }) => [
      formatBucket(start, interval, timeZone),
      state === 'hole' ? '–' : exact(count),
      ...TABLE.map((name) => (measures === null ? '–' : exact(measures[name]))),
      t.chart.remarks[state],
    ]),
  };
}
