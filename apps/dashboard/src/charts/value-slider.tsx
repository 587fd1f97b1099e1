import { t } from '../texts/en.js';

interface Props {
  labelledBy: string;
  /** The number of values. */
  count: number;
  /** The chosen value; null: none. */
  chosen: number | null;
  /** What a screen reader says of a value. */
  text: (index: number) => string;
  choose: (index: number | null) => void;
  /** How many values up and down move by, if the values form a grid. @defaultValue 1 */
  row?: number;
}

/**
 * Makes a chart usable with the keyboard and with a screen reader: an invisible native slider over the plot, which moves
 * from value to value. The plot itself handles the pointer.
 */
export function ValueSlider({ labelledBy, count, chosen, text, choose, row = 1 }: Props) {
  const value = chosen ?? count - 1;
  const moveByRow = (event: KeyboardEvent) => {
    const step = { ArrowUp: -row, ArrowDown: row }[event.key];
    if (row === 1 || step === undefined) return;
    event.preventDefault();
    choose(Math.min(count - 1, Math.max(0, value + step)));
  };
  return (
    <input
      class="value-slider"
      type="range"
      min={0}
      max={count - 1}
      step={1}
      value={value}
      aria-labelledby={labelledBy}
      aria-description={t.chart.keys}
      aria-valuetext={text(value)}
      onInput={(event) => choose(Number(event.currentTarget.value))}
      onKeyDown={moveByRow}
      onFocus={() => choose(value)}
      onBlur={() => choose(null)}
    />
  );
}
