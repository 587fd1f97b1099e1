import { intervalOf, isLive, searchOf, type View } from '../address/view.js';
import { useApi } from '../api/queries.js';
import type { Kind, Measures, Overview } from '../api/types.js';
import { Change } from '../components/change.js';
import { PageHead } from '../components/page-head.js';
import { duration, exact } from '../format/numbers.js';
import { groupName, kindName } from '../kinds/kind-names.js';
import { ActivityPanel } from '../panels/activity-panel.js';
import { BusyHoursPanel } from '../panels/busy-hours-panel.js';
import { GroupsPanel } from '../panels/groups-panel.js';
import { windowOfGuild, type KindView } from '../panels/kind-view.js';
import { PercentilesPanel } from '../panels/percentiles-panel.js';
import { RecordsPanel } from '../panels/records-panel.js';
import { useSeries } from '../panels/use-series.js';
import { t } from '../texts/en.js';
import { useTitle } from './use-title.js';

const FIGURES = ['avg', 'min', 'max', 'p50', 'p95', 'p99'] as const satisfies readonly (keyof Measures)[];
const TOP = 10;

/** Everything about one kind. It is made from the catalogue of the service alone. */
export function KindPage({ of, guildName }: { of: KindView; guildName: string }) {
  const { guild, kind, view } = of;
  const { label } = kindName(kind);
  useTitle(label, guildName);
  const overview = useApi<Overview>('/stats/overview', windowOfGuild(of), { live: isLive(view, Date.now()) });
  const total = overview.data?.kinds.find((one) => one.kind === kind.kind);
  const group = kind.group_by.find((one) => one === view.group) ?? kind.group_by[0];
  return (
    <>
      <PageHead title={label} view={view} overview={overview}>
        {label !== kind.title && <p class="lead">{kind.title}</p>}
      </PageHead>
      <section class="figures card" aria-label={t.totals.title}>
        <div class="figure" data-kind={kind.kind} data-total={total?.total}>
          <span class="tile-label">{label}</span>
          <span class="tile-number">{total === undefined ? '\u2007' : exact(total.total)}</span>
          {total === undefined ? (
            <span class="change">&nbsp;</span>
          ) : (
            <Change total={total.total} before={total.previous_total} />
          )}
        </div>
        {kind.measure !== null && <MeasureFigures of={of} />}
        {total?.enabled === false && <p class="note">{t.totals.isOff}</p>}
      </section>
      <ActivityPanel of={of} />
      {kind.measure !== null && <PercentilesPanel of={of} />}
      <div class={group === undefined ? 'row' : 'row row-7-5'}>
        <BusyHoursPanel of={of} />
        {group !== undefined && (
          <GroupsPanel
            key={group}
            of={of}
            group={group}
            top={TOP}
            tools={kind.group_by.length > 1 && <GroupChoice kind={kind} view={view} chosen={group} />}
          />
        )}
      </div>
      <RecordsPanel key={`${guild} ${searchOf({ ...view, interval: null, group: null })}`} of={of} />
    </>
  );
}

function MeasureFigures({ of }: { of: KindView }) {
  const { summary } = useSeries(of, intervalOf(of.view, Date.now()));
  return (
    <dl class="measures">
      {FIGURES.map((name) => (
        <div key={name}>
          <dt>{t.measure[name]}</dt>
          <dd>{summary?.stats ? duration(summary.stats[name]) : '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

function GroupChoice({ kind, view, chosen }: { kind: Kind; view: View; chosen: string }) {
  return (
    <nav class="toggle" aria-label={t.top.by}>
      {kind.group_by.map((group) => (
        <a
          key={group}
          href={window.location.pathname + searchOf({ ...view, group })}
          aria-current={group === chosen ? 'true' : undefined}
        >
          {groupName(group)}
        </a>
      ))}
    </nav>
  );
}
