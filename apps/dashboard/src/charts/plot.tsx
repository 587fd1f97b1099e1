import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { ChartIds } from './chart-ids.js';
import { Tip } from './tip.js';
import { useWidth } from './use-width.js';
import { ValueSlider } from './value-slider.js';

/** A value as text: where it is in the chart, and what it is. */
export interface Said {
  place: string;
  value: string;
}

interface Props {
  ids: ChartIds;
  height: number;
  /** The number of values. */
  count: number;
  say: (index: number) => Said;
  /** The value at a position in pixels; null: none. */
  valueAt: (position: { x: number; y: number; width: number }) => number | null;
  tipPosition: (index: number) => string;
  row?: number;
  /** Draws the chart. */
  children: (size: { width: number; chosen: number | null }) => ComponentChildren;
}

/** The drawing of a chart whose values can be chosen with the pointer and with the keyboard. */
export function Plot({ ids, height, count, say, valueAt, tipPosition, row, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [wanted, choose] = useState<number | null>(null);
  // The chart may have fewer values than before.
  const chosen = wanted === null || count === 0 ? null : Math.min(wanted, count - 1);
  const point = (event: PointerEvent) => {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    choose(valueAt({ x: event.clientX - left, y: event.clientY - top, width }));
  };
  const text = (index: number) => {
    if (count === 0) return '';
    const { place, value } = say(index);
    return `${place}: ${value}`;
  };
  return (
    <div ref={box} class="drawing" onPointerMove={point} onPointerDown={point} onPointerLeave={() => choose(null)}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-labelledby={ids.title} aria-describedby={ids.lead}>
          {children({ width, chosen })}
        </svg>
      )}
      {chosen !== null && <Tip {...say(chosen)} position={tipPosition(chosen)} />}
      {count > 0 && (
        <ValueSlider labelledBy={ids.title} count={count} chosen={chosen} text={text} choose={choose} row={row} />
      )}
    </div>
  );
}
