import { kindPath } from '../address/pages.js';
import { isLive, searchOf, type View } from '../address/view.js';
import { useApi } from '../api/queries.js';
import type { Kind, Overview } from '../api/types.js';
import { PageHead } from '../components/page-head.js';
import { kindName } from '../kinds/kind-names.js';
import { ActivityPanel } from '../panels/activity-panel.js';
import { BusyHoursPanel } from '../panels/busy-hours-panel.js';
import { GroupsPanel } from '../panels/groups-panel.js';
import { windowOfGuild } from '../panels/kind-view.js';
import { PercentilesPanel } from '../panels/percentiles-panel.js';
import { TilesPanel } from '../panels/tiles-panel.js';
import { t } from '../texts/en.js';
import { useTitle } from './use-title.js';

interface Props {
  guild: string;
  guildName: string;
  view: View;
  kinds: readonly Kind[];
}

/** The kind whose chart is shown first. */
const FIRST_KIND = 'message.sent';
/** The lists at the bottom. A list whose kind is off is left out. */
const LISTS = [
  { kind: 'message.sent', group: 'channel' },
  { kind: 'message.sent', group: 'user' },
  { kind: 'command.used', group: 'command' },
] as const;
const TOP = 7;

/** All statistics of a guild at a glance. */
export function OverviewPage({ guild, guildName, view, kinds }: Props) {
  useTitle(t.nav.overview, guildName);
  const overview = useApi<Overview>('/stats/overview', windowOfGuild({ guild, view }), {
    live: isLive(view, Date.now()),
  });
  const enabled = new Set(overview.data?.kinds.filter((kind) => kind.enabled).map(({ kind }) => kind));
  const on = kinds.filter(({ kind }) => enabled.has(kind));
  const find = (name: string | null) => on.find(({ kind }) => kind === name);
  const chosen = find(view.kind) ?? find(FIRST_KIND) ?? on[0];
  const lists = LISTS.flatMap(({ kind: name, group }) => {
    const kind = find(name);
    return kind === undefined ? [] : [{ kind, group }];
  });
  return (
    <>
      <PageHead title={t.nav.overview} view={view} overview={overview} />
      <TilesPanel guild={guild} view={view} kinds={kinds} overview={overview} chosen={chosen?.kind} />
      {chosen !== undefined && <ChosenKind key={chosen.kind} guild={guild} view={view} kind={chosen} />}
      <div class="row row-3">
        {lists.map(({ kind, group }) => (
          <GroupsPanel key={`${kind.kind} ${group}`} of={{ guild, kind, view }} group={group} top={TOP} />
        ))}
      </div>
    </>
  );
}

function ChosenKind({ guild, view, kind }: { guild: string; view: View; kind: Kind }) {
  const of = { guild, kind, view };
  const href = kindPath(guild, kind.kind) + searchOf({ ...view, group: null, kind: null });
  const details = (
    <a class="tool" href={href} aria-label={t.chart.detailsOf(kindName(kind).label)}>
      {t.chart.details}
    </a>
  );
  return (
    <>
      <ActivityPanel of={of} tools={details} />
      <div class={kind.measure === null ? 'row' : 'row row-7-5'}>
        <BusyHoursPanel of={of} />
        {kind.measure !== null && <PercentilesPanel of={of} />}
      </div>
    </>
  );
}
