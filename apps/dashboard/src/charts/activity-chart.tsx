import { formatBucket } from '../format/dates.js';
import { compact, exact } from '../format/numbers.js';
import type { Segment, SegmentState } from '../series/segments.js';
import { t } from '../texts/en.js';
import type { Interval } from '../time/time-zone.js';
import type { Scale } from './axis.js';
import { Cursor, TimePlot, type TimeSeries } from './time-plot.js';

interface Props extends TimeSeries {
  /** A number with its noun. */
  count: (count: number) => string;
}

const EDGE = { left: 44, right: 4 };
/** In pixels. Narrower bars are drawn without gaps. */
const MIN_BAR_WIDTH = 3.5;
/** An axis up to less would have fractions. */
const SMALLEST_TOP = 4;

/** Counts over time. */
export function ActivityChart({ count, ...series }: Props) {
  const { segments } = series;
  const say = (segment: Segment) => {
    const remark = t.chart.remarks[segment.state];
    const number = count(segment.count);
    return segment.state === 'hole' ? remark : remark === '' ? number : `${number} (${remark.toLowerCase()})`;
  };
  const top = Math.max(SMALLEST_TOP, ...segments.map((segment) => segment.count));
  return (
    <TimePlot {...series} edge={EDGE} top={top} format={compact} say={say}>
      {({ x, y, width, active, patterns }) => {
        const isFine = (width - EDGE.left) / segments.length < MIN_BAR_WIDTH;
        return (
          <>
            {isFine ? (
              <Columns segments={segments} x={x} y={y} />
            ) : (
              segments.map((segment) => (
                <Bar
                  key={segment.start}
                  segment={segment}
                  x={x}
                  y={y}
                  isActive={segment === active}
                  patterns={patterns}
                />
              ))
            )}
            <SoFar last={segments.at(-1)} x={x} y={y} right={width - EDGE.right} />
            <Cursor active={active} x={x} y={y} />
          </>
        );
      }}
    </TimePlot>
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
