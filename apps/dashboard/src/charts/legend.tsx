import { t } from '../texts/en.js';
import type { Segment, Span } from '../series/segments.js';

type Shape = 'bar' | 'hole' | 'open' | 'now' | 'p50' | 'band' | 'p99';

/** Explains the bars that the chart has. */
export function ActivityLegend({ segments, holes }: { segments: readonly Segment[]; holes: readonly Span[] }) {
  const states = new Set(segments.map(({ state }) => state));
  return (
    <ul class="legend">
      <Entry shape="bar" text={t.chart.counted} />
      {holes.length > 0 && <Entry shape="hole" text={t.chart.hole} />}
      {(states.has('cut') || states.has('part')) && <Entry shape="open" text={t.chart.part} />}
      {states.has('running') && <Entry shape="now" text={t.chart.running} />}
    </ul>
  );
}

export function PercentileLegend() {
  return (
    <ul class="legend">
      <Entry shape="p50" text={t.measure.p50} />
      <Entry shape="band" text={t.measure.p95} />
      <Entry shape="p99" text={t.measure.p99} />
    </ul>
  );
}

function Entry({ shape, text }: { shape: Shape; text: string }) {
  return (
    <li>
      <Sample shape={shape} />
      {text}
    </li>
  );
}

function Sample({ shape }: { shape: Shape }) {
  const isLine = shape === 'p50' || shape === 'p99';
  const isHatched = shape === 'hole' || shape === 'open' || shape === 'now';
  return (
    <svg class={`key key-${shape}`} width="18" height="12" aria-hidden="true">
      {isLine ? <path d="M0 6H18" /> : <rect x="0.5" y="0.5" width="17" height="11" rx="2" />}
      {isHatched && <path d="M1 11L9 1M9 11L17 1" />}
    </svg>
  );
}
