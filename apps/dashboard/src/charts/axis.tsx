import type { ScaleLinear } from 'd3-scale';
import { formatDate } from '../format/dates.js';
import { localTime, type Interval } from '../time/time-zone.js';

export type Scale = ScaleLinear<number, number>;

interface YAxisProps {
  y: Scale;
  left: number;
  right: number;
  format: (value: number) => string;
}

const Y_TICKS = 4;

export function YAxis({ y, left, right, format }: YAxisProps) {
  return (
    <g class="axis" aria-hidden="true">
      {y.ticks(Y_TICKS).map((tick) => (
        <g key={tick}>
          <line class={tick === 0 ? 'base' : 'grid'} x1={left} x2={right} y1={y(tick)} y2={y(tick)} />
          <text x={left - 8} y={y(tick)} dy="0.32em" text-anchor="end">
            {format(tick)}
          </text>
        </g>
      ))}
    </g>
  );
}

interface TimeAxisProps {
  x: Scale;
  /** The starts of the buckets. */
  starts: readonly number[];
  interval: Interval;
  timeZone: string;
  bottom: number;
  right: number;
}

/** In pixels. A label has this much room. */
const LABEL_WIDTH = 62;
const HOURS_BETWEEN_LABELS = [1, 2, 3, 4, 6, 12, 24, 48, 96, 168];

interface Mark {
  at: number;
  text: string;
  /** Whether it is the start of a day among hours. */
  isDay: boolean;
}

export function TimeAxis({ x, starts, interval, timeZone, bottom, right }: TimeAxisProps) {
  const [from, to] = x.range() as [number, number];
  const mark = interval === 'day' ? markDays : markHours;
  const marks = mark(starts, to - from, timeZone).filter(({ at }) => x(at) < right - 6);
  return (
    <g class="axis" aria-hidden="true">
      {marks.map(({ at, text, isDay }) => {
        const isLast = x(at) > right - 24;
        return (
          <g key={at}>
            <line class="tick" x1={x(at)} x2={x(at)} y1={bottom} y2={bottom + 5} />
            <text
              class={isDay ? 'strong' : ''}
              x={isLast ? right : x(at)}
              y={bottom + 19}
              text-anchor={isLast ? 'end' : x(at) < 60 ? 'start' : 'middle'}
            >
              {text}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function markDays(starts: readonly number[], width: number, timeZone: string): Mark[] {
  const every = Math.max(1, Math.ceil((starts.length * LABEL_WIDTH) / width));
  return starts
    .filter((_, index) => index % every === 0)
    .map((at) => ({ at, text: formatDate(at, 'tickDay', timeZone), isDay: false }));
}

function markHours(starts: readonly number[], width: number, timeZone: string): Mark[] {
  const hourWidth = width / starts.length;
  const every = HOURS_BETWEEN_LABELS.find((hours) => hours * hourWidth >= LABEL_WIDTH) ?? 168;
  const marks: Mark[] = [];
  let midnights = 0;
  for (const at of starts) {
    const { hour } = localTime(at, timeZone);
    const isMidnight = hour === 0;
    const isMarked = every < 24 ? hour % every === 0 : isMidnight && midnights % (every / 24) === 0;
    if (isMidnight) midnights++;
    if (!isMarked) continue;
    const text = formatDate(at, isMidnight ? 'tickDay' : 'tickHour', timeZone);
    marks.push({ at, text, isDay: isMidnight && every < 24 });
  }
  return marks;
}
