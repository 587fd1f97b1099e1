import { useId } from 'preact/hooks';
import { weekdayNames } from '../format/dates.js';
import { average } from '../format/numbers.js';
import type { HeatCell } from '../series/heat-cells.js';
import { t } from '../texts/en.js';
import type { ChartIds } from './chart-ids.js';
import { Hatch } from './hatch.js';
import { Plot } from './plot.js';

interface Props {
  ids: ChartIds;
  height: number;
  cells: readonly HeatCell[];
  /** A number with its noun. */
  count: (count: number) => string;
}

/** The number of colours. */
const STEPS = 8;
/** The space for the labels, in pixels. */
const EDGE = { left: 38, bottom: 24 };
/** In pixels. Narrower charts have smaller gaps and shorter labels. */
const NARROW = 480;
const LABELLED_HOURS = [0, 3, 6, 9, 12, 15, 18, 21];

/** The hours of the week, coloured by their means. */
export function HeatMap({ ids, height, cells, count }: Props) {
  const id = useId();
  const max = Math.max(1, ...cells.map(({ mean }) => mean ?? 0));
  const [short, long] = [weekdayNames('short'), weekdayNames('long')];
  const cellHeight = (height - EDGE.bottom) / 7;
  const cellWidth = (width: number) => (width - EDGE.left) / 24;
  const say = (index: number) => {
    const { weekday, hour, mean } = cells[index]!;
    const place = `${long[weekday]} ${clock(hour)}–${clock((hour + 1) % 24)}`;
    return { place, value: mean === null ? t.chart.hole : t.heat.perHour(count(mean)) };
  };
  const valueAt = ({ x, y, width }: { x: number; y: number; width: number }) => {
    const [hour, weekday] = [Math.floor((x - EDGE.left) / cellWidth(width)), Math.floor(y / cellHeight)];
    const isInside = hour >= 0 && hour < 24 && weekday >= 0 && weekday < 7;
    return isInside ? weekday * 24 + hour : null;
  };
  const tipPosition = (index: number) => {
    const { weekday, hour } = cells[index]!;
    return `${hour > 11 ? 'tip-left' : 'tip-right'} ${weekday < 3 ? 'tip-low' : ''}`;
  };
  return (
    <Plot ids={ids} height={height} count={cells.length} say={say} valueAt={valueAt} tipPosition={tipPosition} row={24}>
      {({ width, chosen }) => {
        const isNarrow = width < NARROW;
        const gap = isNarrow ? 1.5 : 3;
        const w = cellWidth(width);
        const active = chosen === null ? undefined : cells[chosen];
        return (
          <>
            <Hatch id={id} />
            <g class="axis" aria-hidden="true">
              {short.map((name, weekday) => (
                <text key={name} x={0} y={(weekday + 0.5) * cellHeight} dy="0.32em">
                  {name}
                </text>
              ))}
              {LABELLED_HOURS.map((hour) => (
                <text key={hour} x={EDGE.left + hour * w + gap / 2} y={height - 6}>
                  {isNarrow ? twoDigits(hour) : clock(hour)}
                </text>
              ))}
            </g>
            {cells.map(({ weekday, hour, mean }) => (
              <rect
                key={`${weekday} ${hour}`}
                class={mean === null ? 'hole' : `heat-${stepOf(mean, max)}`}
                fill={mean === null ? `url(#${id}-hole)` : undefined}
                x={EDGE.left + hour * w + gap / 2}
                y={weekday * cellHeight + gap / 2}
                width={Math.max(1, w - gap)}
                height={Math.max(1, cellHeight - gap)}
                rx={Math.min(4, w / 4)}
              />
            ))}
            {active && (
              <rect
                class="heat-active"
                x={EDGE.left + active.hour * w}
                y={active.weekday * cellHeight}
                width={w}
                height={cellHeight}
                rx={Math.min(5, w / 4)}
              />
            )}
          </>
        );
      }}
    </Plot>
  );
}

export function HeatLegend({ max }: { max: number }) {
  return (
    <div class="legend">
      <span>{t.heat.fewer} (0)</span>
      <svg width={STEPS * 22} height="12" aria-hidden="true">
        {Array.from({ length: STEPS }, (_, step) => (
          <rect key={step} class={`heat-${step}`} x={step * 22} width="20" height="12" rx="3" />
        ))}
      </svg>
      <span>
        {t.heat.more} ({average(max)})
      </span>
    </div>
  );
}

export function heatTable(cells: readonly HeatCell[]) {
  return {
    head: [t.heat.weekday, ...Array.from({ length: 24 }, (_, hour) => clock(hour))],
    rows: weekdayNames('long').map((name, weekday) => [
      name,
      ...cells.slice(weekday * 24, weekday * 24 + 24).map(({ mean }) => (mean === null ? '–' : average(mean))),
    ]),
  };
}

export function cellName({ weekday, hour }: HeatCell): string {
  return `${weekdayNames('long')[weekday]} ${clock(hour)}`;
}

const stepOf = (mean: number, max: number) => Math.min(STEPS - 1, Math.floor((mean / max) * STEPS));
const twoDigits = (hour: number) => String(hour).padStart(2, '0');
const clock = (hour: number) => `${twoDigits(hour)}:00`;
