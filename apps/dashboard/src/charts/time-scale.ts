import { scaleLinear } from 'd3-scale';
import type { Segment } from '../series/segments.js';
import type { Scale } from './axis.js';

/** From the start of the first bucket to the end of the last one. */
export function timeScale(segments: readonly Segment[], left: number, right: number): Scale {
  const domain = [segments[0]?.start ?? 0, segments.at(-1)?.end ?? 1];
  return scaleLinear(domain, [left, Math.max(left + 1, right)]);
}

/** The index of the bucket that contains an instant, or of the last one. */
export function bucketAt(segments: readonly Segment[], instant: number): number | null {
  if (segments.length === 0) return null;
  const found = segments.findIndex(({ end }) => instant < end);
  return found === -1 ? segments.length - 1 : found;
}

export const tipSide = (index: number, count: number): string => (index > count / 2 ? 'tip-left' : 'tip-right');
