import { useEffect, useRef, useState } from 'preact/hooks';
import { MAX_PERIOD_DAYS, searchOf, type View } from '../address/view.js';
import { navigate } from '../navigation/navigation.js';
import { t } from '../texts/en.js';
import { browserTimeZone, DAY_MS, type Interval } from '../time/time-zone.js';

const DAYS = [1, 7, 30];
const INTERVALS = ['auto', 'hour', 'day'] as const;

/** Chooses the window, the interval and the time zone. Windows are links, so that they can be copied and gone back to. */
export function WindowBar({ view }: { view: View }) {
  const pathname = window.location.pathname;
  return (
    <div class="window-bar">
      <nav class="toggle periods" aria-label={t.window.label}>
        {DAYS.map((days) => (
          <a
            key={days}
            href={pathname + searchOf({ ...view, days, from: '', to: '' })}
            aria-current={view.days === days ? 'true' : undefined}
          >
            {t.window.days(days)}
          </a>
        ))}
        <CustomPeriod view={view} />
      </nav>
      <label class="pick">
        <span>{t.window.interval}</span>
        <span class="select">
          <select
            value={view.interval ?? 'auto'}
            onChange={({ currentTarget: { value } }) =>
              change({ ...view, interval: value === 'auto' ? null : (value as Interval) })
            }
          >
            {INTERVALS.map((interval) => (
              <option key={interval} value={interval}>
                {t.window[interval]}
              </option>
            ))}
          </select>
        </span>
      </label>
      <TimeZonePicker view={view} />
    </div>
  );
}

function change(view: View): void {
  navigate(window.location.pathname + searchOf(view), { replace: true });
}

/** Lists all time zones as soon as somebody uses it, because there are more than 400. */
function TimeZonePicker({ view }: { view: View }) {
  const [all, setAll] = useState<string[]>([]);
  const list = () => {
    if (all.length === 0) setAll(Intl.supportedValuesOf('timeZone'));
  };
  const zones = [...new Set([view.timeZone, browserTimeZone(), 'UTC', ...all])];
  return (
    <label class="pick">
      <span>{t.window.timeZone}</span>
      <span class="select">
        <select
          value={view.timeZone}
          onFocus={list}
          onPointerDown={list}
          onChange={({ currentTarget: { value } }) => change({ ...view, timeZone: value })}
        >
          {zones.map((zone) => (
            <option key={zone} value={zone}>
              {zone.replaceAll('_', ' ')}
            </option>
          ))}
        </select>
      </span>
    </label>
  );
}

function CustomPeriod({ view }: { view: View }) {
  const box = useRef<HTMLDetailsElement>(null);
  const isChosen = view.days === null;
  const [from, setFrom] = useState(view.from.slice(0, 10));
  const [to, setTo] = useState(view.to.slice(0, 10));
  const [mistake, setMistake] = useState('');
  useEffect(() => {
    setFrom(view.from.slice(0, 10));
    setTo(view.to.slice(0, 10));
  }, [view.from, view.to]);
  const show = (event: Event) => {
    event.preventDefault();
    const found = mistakeIn(from, to);
    setMistake(found);
    if (found !== '') return;
    box.current?.removeAttribute('open');
    navigate(window.location.pathname + searchOf({ ...view, days: null, from, to }));
  };
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !box.current?.open) return;
    box.current.open = false;
    box.current.querySelector('summary')?.focus();
  };
  const days = [
    { label: t.window.from, value: from, set: setFrom },
    { label: t.window.to, value: to, set: setTo },
  ];
  return (
    <details ref={box} class="custom" onKeyDown={closeOnEscape}>
      <summary data-current={isChosen ? 'true' : undefined}>
        {isChosen ? `${view.from.slice(0, 10)} – ${view.to.slice(0, 10)}` : t.window.custom}
      </summary>
      <form onSubmit={show} noValidate>
        {days.map(({ label, value, set }) => (
          <label key={label}>
            {label}
            <input
              type="date"
              value={value}
              onInput={(event) => set(event.currentTarget.value)}
              aria-invalid={mistake !== ''}
              aria-describedby="period-mistake"
            />
          </label>
        ))}
        <p id="period-mistake" class="field-error" role="alert">
          {mistake}
        </p>
        <button type="submit" class="button primary">
          {t.window.show}
        </button>
      </form>
    </details>
  );
}

function mistakeIn(from: string, to: string): string {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (Number.isNaN(days)) return t.window.missing;
  if (days < 1) return t.window.order;
  return days > MAX_PERIOD_DAYS ? t.window.tooLong : '';
}
