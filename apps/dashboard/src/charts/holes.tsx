import type { Span } from '../series/segments.js';
import { t } from '../texts/en.js';
import type { Scale } from './axis.js';

interface Props {
  holes: readonly Span[];
  x: Scale;
  top: number;
  bottom: number;
  /** The id of the pattern. */
  pattern: string;
}

/** In pixels. Narrower holes have no label. */
const LABEL_WIDTH = 130;
const MIN_WIDTH = 2;

/** The times in which nothing was collected. */
export function Holes({ holes, x, top, bottom, pattern }: Props) {
  return (
    <>
      {holes.map(({ from, to }) => {
        const width = Math.max(MIN_WIDTH, x(to) - x(from));
        return (
          <g key={from}>
            <rect class="hole" fill={`url(#${pattern})`} x={x(from)} y={top} width={width} height={bottom - top} />
            {width > LABEL_WIDTH && (
              <text class="hole-label" x={x(from) + width / 2} y={top + 20} text-anchor="middle">
                {t.chart.hole}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}
