/** Numbers as the browser's locale writes them. */

const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const ONE_DIGIT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const EXACT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 });
const COMPACT = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

/** For axes: 12K. */
export const compact = (value: number): string => COMPACT.format(value);
export const percent = (share: number): string => PERCENT.format(share);
/** For averages: one digit after the point if the number is small. */
export const average = (value: number): string => (value < 10 ? ONE_DIGIT : WHOLE).format(value);
/** All digits that the API has. */
export const exact = (value: number): string => EXACT.format(value);

const UNITS = [
  { upTo: 1_000, size: 1, name: 'ms' },
  { upTo: 60_000, size: 1_000, name: 's' },
  { upTo: 3_600_000, size: 60_000, name: 'min' },
  { upTo: 86_400_000, size: 3_600_000, name: 'h' },
  { upTo: Infinity, size: 86_400_000, name: 'd' },
] as const;

/** Rounded for reading: 118 ms, 1.4 s, 2 min. */
export function duration(milliseconds: number): string {
  if (milliseconds === 0) return '0';
  const { size, name } = UNITS.find(({ upTo }) => milliseconds < upTo)!;
  const value = milliseconds / size;
  return `${(name === 'ms' && value >= 10 ? WHOLE : ONE_DIGIT).format(value)} ${name}`;
}
