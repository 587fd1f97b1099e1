import { exact, percent } from '../format/numbers.js';
import { t } from '../texts/en.js';

/** Smaller changes are none. */
const SMALLEST = 0.0005;

/** The change against the period before. Neither direction is better, so it is an arrow and a word, without red and green. */
export function Change({ total, before }: { total: number; before: number | null }) {
  if (before === null) return <span class="change">{t.totals.unknown}</span>;
  if (before === 0) return <span class="change">{total === 0 ? t.totals.same : t.totals.fromZero}</span>;
  const share = (total - before) / before;
  if (Math.abs(share) < SMALLEST) return <span class="change">{t.totals.same}</span>;
  const isMore = share > 0;
  return (
    <span class="change" title={t.totals.before(exact(before))}>
      <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true" class={isMore ? 'up' : 'down'}>
        <path d={isMore ? 'M5 1l4 8H1z' : 'M5 9L1 1h8z'} />
      </svg>
      <b>{percent(Math.abs(share))}</b> {isMore ? t.totals.more : t.totals.fewer}
      <span class="visually-hidden"> ({t.totals.before(exact(before))})</span>
    </span>
  );
}
