import type { NumberStyle } from './counter-format.js';

/** Numbers below this have no separators, as is usual in English: 9999 and 10,000. */
const FIRST_GROUPED = 10_000;
const UNITS = [
  { unit: 'T', size: 1e12 },
  { unit: 'B', size: 1e9 },
  { unit: 'M', size: 1e6 },
  { unit: 'K', size: 1e3 },
];

/** @param number an integer of at least 0 */
export function numberText(number: number, style: NumberStyle): string {
  if (style === 'grouped' && number >= FIRST_GROUPED) return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  if (style === 'short') return shortText(number);
  return String(number);
}

/** One decimal, rounded down: a name never shows more than there is. */
function shortText(number: number): string {
  const largest = UNITS.find(({ size }) => number >= size);
  if (largest === undefined) return String(number);
  return `${Math.floor(number / (largest.size / 10)) / 10}${largest.unit}`;
}
