import type { ComponentChildren } from 'preact';
import type { View } from '../address/view.js';
import { formatDate, formatRange } from '../format/dates.js';
import type { Span } from '../series/segments.js';
import { t } from '../texts/en.js';
import { WindowBar } from './window-bar.js';

interface Props {
  title: string;
  view: View;
  /** Undefined until it was read. */
  window: Span | undefined;
  isLive: boolean;
  /** Whether the service does not answer. */
  isAway: boolean;
  children?: ComponentChildren;
}

/** The title of a statistics page, its window, and how fresh its data is. */
export function PageHead({ title, view, window, isLive, isAway, children }: Props) {
  const freshness = isAway
    ? t.live.away
    : window === undefined
      ? t.loading
      : isLive
        ? t.live.updated(formatDate(window.to, 'time', view.timeZone))
        : t.live.fixed;
  return (
    <header class="page-head">
      <div>
        <h1>{title}</h1>
        {children}
        <p class="when">
          <span>{window === undefined ? '\u00a0' : formatRange(window.from, window.to, view.timeZone)}</span>
          <span class={`live ${isAway ? 'away' : isLive ? 'on' : ''}`}>{freshness}</span>
        </p>
        <p class="visually-hidden" role="status">
          {isAway ? t.live.away : ''}
        </p>
      </div>
      <WindowBar view={view} />
    </header>
  );
}
