import { scaleLinear } from 'd3-scale';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { formatBucket } from '../format/dates.js';
import type { Segment, Span } from '../series/segments.js';
import type { Interval } from '../time/time-zone.js';
import { TimeAxis, YAxis, type Scale } from './axis.js';
import type { ChartIds } from './chart-ids.js';
import { Hatch } from './hatch.js';
import { Holes } from './holes.js';
import { Plot } from './plot.js';
import { bucketAt, timeScale, tipSide } from './time-scale.js';

/** What every chart over time shows. */
export interface TimeSeries {
  ids: ChartIds;
  height: number;
  segments: readonly Segment[];
  holes: readonly Span[];
  interval: Interval;
  timeZone: string;
}

interface Props extends TimeSeries {
  /** The space beside the drawing, in pixels. */
  edge: { left: number; right: number };
  /** The largest value of the axis, at least. */
  top: number;
  format: (value: number) => string;
  /** A bucket as text, without its time. */
  say: (segment: Segment) => string;
  /** Draws the values. */
  children: (drawing: Drawing) => ComponentChildren;
}

export interface Drawing {
  x: Scale;
  y: Scale;
  width: number;
  /** The chosen bucket. */
  active: Segment | undefined;
  /** What the ids of the patterns begin with. */
  patterns: string;
}

/** The space above and below the drawing, in pixels. */
const ABOVE = 12;
const BELOW = 28;

/** A plot of values over time: the axes, the holes, and the values that the chart draws. */
export function TimePlot({ edge, top, format, say, children, ...series }: Props) {
  const { ids, height, segments, holes, interval, timeZone } = series;
  const id = useId();
  const bottom = height - BELOW;
  const y = scaleLinear([0, top], [bottom, ABOVE]).nice(4);
  const xOf = (width: number) => timeScale(segments, edge.left, width - edge.right);
  return (
    <Plot
      ids={ids}
      height={height}
      count={segments.length}
      say={(index) => {
        const segment = segments[index]!;
        return { place: formatBucket(segment.start, interval, timeZone), value: say(segment) };
      }}
      valueAt={({ x, width }) => bucketAt(segments, xOf(width).invert(x))}
      tipPosition={(index) => tipSide(index, segments.length)}
    >
      {({ width, chosen }) => {
        const x = xOf(width);
        return (
          <>
            <Hatch id={id} />
            <Holes holes={holes} x={x} top={ABOVE} bottom={bottom} pattern={`${id}-hole`} />
            <YAxis y={y} left={edge.left} right={width - edge.right} format={format} />
            {children({ x, y, width, active: chosen === null ? undefined : segments[chosen], patterns: id })}
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

/** Marks the chosen bucket. */
export function Cursor({ active, x, y }: Pick<Drawing, 'active' | 'x' | 'y'>) {
  if (active === undefined) return null;
  const at = x((active.start + active.end) / 2);
  const [bottom, top] = y.range();
  return <line class="cursor" x1={at} x2={at} y1={top} y2={bottom} />;
}
