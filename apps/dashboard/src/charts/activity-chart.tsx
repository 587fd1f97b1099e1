import { scaleLinear } from 'd3-scale';
import { useId } from 'preact/hooks';
import { formatBucket } from '../format/dates.js';
import { compact, exact } from '../format/numbers.js';
import type { Segment, SegmentState, Span } from '../series/segments.js';
import { t } from '../texts/en.js';
import type { Interval } from '../time/time-zone.js';
import { TimeAxis, YAxis, type Scale } from './axis.js';
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
  /** A number with its noun. */
  count: (count: number) => string;
}

/** The space around the bars, in pixels. */
const EDGE = { top: 12, right: 4, bottom: 28, left: 44 };
/** In pixels. Narrower bars are drawn without gaps. */
const MIN_BAR_WIDTH = 3.5;
/** An axis up to less would have fractions. */
const SMALLEST_TOP = 4;

/** Counts over time. */
export function ActivityChart({ ids, height, segments, holes, interval, timeZone, count }: Props) {
  const id = useId();
  const bottom = height - EDGE.bottom;
  const top = Math.max(SMALLEST_TOP, ...segments.map((segment) => segment.count));
  const y = scaleLinear([0, top], [bottom, EDGE.top]).nice(4);
  const xOf = (width: number) => timeScale(segments, EDGE.left, width - EDGE.right);
  const say = (index: number) => {
    const segment = segments[index]!;
    const remark = t.chart.remarks[segment.state];
    const number = count(segment.count);
    const value = segment.state === 'hole' ? remark : remark === '' ? number : `${number} (${remark.toLowerCase()})`;
    return { place: formatBucket(segment.start, interval, timeZone), value };
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
        const active = chosen === null ? undefined : segments[chosen];
        const isFine = (width - EDGE.left) / segments.length < MIN_BAR_WIDTH;
        return (
          <>
            <Hatch id={id} />
            <Holes holes={holes} x={x} top={EDGE.top} bottom={bottom} pattern={`${id}-hole`} />
            <YAxis y={y} left={EDGE.left} right={width - EDGE.right} format={compact} />
            {isFine ? (
              <Columns segments={segments} x={x} y={y} />
            ) : (
              segments.map((segment, index) => (
                <Bar key={segment.start} segment={segment} x={x} y={y} isActive={index === chosen} patterns={id} />
              ))
            )}
            <SoFar last={segments.at(-1)} x={x} y={y} right={width - EDGE.right} />
            {active && <Cursor at={(x(active.start) + x(active.end)) / 2} top={EDGE.top} bottom={bottom} />}
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

interface BarProps {
  segment: Segment;
  x: Scale;
  y: Scale;
  isActive: boolean;
  patterns: string;
}

function Bar({ segment, x, y, isActive, patterns }: BarProps) {
  if (segment.state === 'hole') return null;
  const [left, right] = [x(segment.start), x(segment.end)];
  const gap = Math.min(6, (right - left) * 0.18);
  const width = Math.max(1, right - left - gap);
  const height = Math.max(0, y(0) - y(segment.count));
  const isFull = segment.state === 'full';
  const pattern = segment.state === 'running' ? 'now' : 'open';
  return (
    <rect
      x={left + gap / 2}
      y={y(segment.count)}
      width={width}
      height={height}
      rx={Math.min(3, width / 3, height)}
      class={`${isFull ? 'bar' : `open-bar ${segment.state}`} ${isActive ? 'active' : ''}`}
      fill={isFull ? undefined : `url(#${patterns}-${pattern})`}
    />
  );
}

/** One path for each look, because there can be hundreds of buckets. */
function Columns({ segments, x, y }: { segments: readonly Segment[]; x: Scale; y: Scale }) {
  const path = (...states: SegmentState[]) =>
    segments
      .filter(({ state, count }) => states.includes(state) && count > 0)
      .map(({ start, end, count }) => `M${x(start)} ${y(0)}V${y(count)}H${x(end)}V${y(0)}Z`)
      .join('');
  return (
    <>
      <path class="column" d={path('full')} />
      <path class="column part" d={path('part', 'cut')} />
      <path class="column now" d={path('running')} />
    </>
  );
}

/** Labels a bar that still grows. */
function SoFar({ last, x, y, right }: { last: Segment | undefined; x: Scale; y: Scale; right: number }) {
  if (last?.state !== 'running' || x(last.end) - x(last.start) < 20) return null;
  const center = (x(last.start) + x(last.end)) / 2;
  return (
    <text class="so-far" x={Math.min(right, center + 18)} y={y(last.count) - 7} text-anchor="end">
      {t.chart.soFar}
    </text>
  );
}

export function Cursor({ at, top, bottom }: { at: number; top: number; bottom: number }) {
  return <line class="cursor" x1={at} x2={at} y1={top} y2={bottom} />;
}

export function activityTable(segments: readonly Segment[], interval: Interval, timeZone: string) {
  return {
    head: [t.chart.time, t.chart.count, t.chart.remark],
    rows: segments.map(({ start, count, state }) => [
      formatBucket(start, interval, timeZone),
      state === 'hole' ? '–' : exact(count),
      t.chart.remarks[state],
    ]),
  };
}
