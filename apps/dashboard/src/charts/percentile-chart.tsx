import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import { useId } from 'preact/hooks';
import type { Measures } from '../api/types.js';
import { formatBucket } from '../format/dates.js';
import { duration, exact } from '../format/numbers.js';
import type { Segment, Span } from '../series/segments.js';
import { t } from '../texts/en.js';
import type { Interval } from '../time/time-zone.js';
import { Cursor } from './activity-chart.js';
import { TimeAxis, YAxis } from './axis.js';
import type { ChartIds } from './chart-ids.js';
import { Hatch } from './hatch.js';
import { Holes } from './holes.js';
import { Plot } from './plot.js';
import { bucketAt, timeScale, tipSide } from './time-scale.js';

interface Props {
  ids: ChartIds;
  height: number;
  segments: readonly Segment[];
  holes: readonly Span[];
  interval: Interval;
  timeZone: string;
}

/** The space around the lines, in pixels. */
const EDGE = { top: 12, right: 8, bottom: 28, left: 56 };
const SHOWN = ['p50', 'p95', 'p99'] as const;
const TABLE = ['avg', 'min', 'max', ...SHOWN] as const;

/** Percentiles over time. Buckets without a value interrupt the lines. */
export function PercentileChart({ ids, height, segments, holes, interval, timeZone }: Props) {
  const id = useId();
  const bottom = height - EDGE.bottom;
  const top = Math.max(1, ...segments.map(({ measures }) => measures?.p99 ?? 0));
  const y = scaleLinear([0, top], [bottom, EDGE.top]).nice(4);
  const xOf = (width: number) => timeScale(segments, EDGE.left, width - EDGE.right);
  const say = (index: number) => {
    const { start, state, measures } = segments[index]!;
    const values = measures && SHOWN.map((name) => `${t.measure[name]} ${duration(measures[name])}`).join(', ');
    const nothing = state === 'hole' ? t.chart.remarks.hole : t.measure.none;
    return { place: formatBucket(start, interval, timeZone), value: values ?? nothing };
  };
  return (
    <Plot
      ids={ids}
      height={height}
      count={segments.length}
      say={say}
      valueAt={({ x, width }) => bucketAt(segments, xOf(width).invert(x))}
      tipPosition={(index) => tipSide(index, segments.length)}
    >
      {({ width, chosen }) => {
        const x = xOf(width);
        const middle = ({ start, end }: Segment) => x((start + end) / 2);
        const hasValue = ({ measures }: Segment) => measures !== null;
        const height = (name: keyof Measures) => (segment: Segment) => y(segment.measures?.[name] ?? 0);
        const all = [...segments];
        const lineOf = (name: keyof Measures) =>
          line<Segment>().defined(hasValue).x(middle).y(height(name))(all) ?? undefined;
        const band = area<Segment>().defined(hasValue).x(middle).y0(height('p50')).y1(height('p95'))(all) ?? undefined;
        const active = chosen === null ? undefined : segments[chosen];
        return (
          <>
            <Hatch id={id} />
            <Holes holes={holes} x={x} top={EDGE.top} bottom={bottom} pattern={`${id}-hole`} />
            <YAxis y={y} left={EDGE.left} right={width - EDGE.right} format={duration} />
            <path class="band" d={band} />
            {SHOWN.toReversed().map((name) => (
              <path key={name} class={name} d={lineOf(name)} />
            ))}
            {segments.filter(isAlone(segments)).map((segment) => (
              <circle key={segment.start} class="dot" cx={middle(segment)} cy={height('p50')(segment)} r="2.5" />
            ))}
            {active && <Cursor at={middle(active)} top={EDGE.top} bottom={bottom} />}
            {active?.measures &&
              SHOWN.map((name) => (
                <circle key={name} class={`dot dot-${name}`} cx={middle(active)} cy={height(name)(active)} r="4" />
              ))}
            <TimeAxis
              x={x}
              starts={segments.map(({ start }) => start)}
              interval={interval}
              timeZone={timeZone}
              bottom={bottom}
              right={width}
            />
          </>
        );
      }}
    </Plot>
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
