import type { ComponentChildren } from 'preact';
import { isLive, type View } from '../address/view.js';
import type { Loaded } from '../api/queries.js';
import type { Overview } from '../api/types.js';
import { formatDate, formatRange } from '../format/dates.js';
import { windowOf } from '../series/segments.js';
import { t } from '../texts/en.js';
import { WindowBar } from './window-bar.js';

interface Props {
  title: string;
  view: View;
  /** What the page reads first. It says what the window is, and whether the service answers. */
  overview: Loaded<Overview>;
  children?: ComponentChildren;
}

/** The title of a statistics page, its window, and how fresh its data is. */
export function PageHead({ title, view, overview, children }: Props) {
  const window = overview.data && windowOf(overview.data);
  const live = isLive(view, Date.now());
  const isAway = (overview.error ?? overview.failureReason)?.isRetriable ?? false;
  const freshness = isAway
    ? t.live.away
    : window === undefined
      ? t.loading
      : live
        ? t.live.updated(formatDate(window.to, 'time', view.timeZone))
        : t.live.fixed;
  return (
    <header class="page-head">
      <div>
        <h1>{title}</h1>
        {children}
        <p class="when">
          <span>{window === undefined ? '\u00a0' : formatRange(window.from, window.to, view.timeZone)}</span>
          <span class={`live ${isAway ? 'away' : live ? 'on' : ''}`}>{freshness}</span>
        </p>
        <p class="visually-hidden" role="status">
          {isAway ? t.live.away : ''}
        </p>
      </div>
      <WindowBar view={view} />
    </header>
  );
}
