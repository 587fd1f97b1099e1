import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { isLive } from '../address/view.js';
import { useApi } from '../api/queries.js';
import type { Summary } from '../api/types.js';
import { WithoutData } from '../components/chart-frame.js';
import { DownloadLink } from '../components/download-link.js';
import { frameState } from '../components/frame-state.js';
import { exact, percent } from '../format/numbers.js';
import { subjectOfGroup, type Subject } from '../kinds/group-subject.js';
import { groupName } from '../kinds/kind-names.js';
import { t } from '../texts/en.js';
import { downloadAddress, windowOfGuild, type KindView } from './kind-view.js';
import { NameText } from './name-text.js';
import { useNames } from './use-names.js';

interface Props {
  of: KindView;
  group: string;
  /** The number of groups. */
  top: number;
  tools?: ComponentChildren;
}

/** The largest groups of a kind: a table whose rows have bars. */
export function GroupsPanel({ of, group, top, tools }: Props) {
  const id = useId();
  const query = { ...windowOfGuild(of), group_by: group, top: String(top) };
  const summary = useApi<Summary>(of.kind.summary_path, query, { live: isLive(of.view, Date.now()) });
  const { groups = [], total = 0 } = summary.data ?? {};
  const subject = subjectOfGroup(of.kind, group);
  const keys = groups.flatMap(({ key }) => key ?? []);
  const nameOf = useNames(of.guild, subject === 'user' ? keys : []);
  const state = frameState(summary, () => (groups.length === 0 ? 'empty' : 'ready'));
  const title = t.top.of(groupName(group));
  const largest = groups[0]?.count ?? 1;
  return (
    <section class="card" aria-labelledby={id} aria-busy={state === 'loading'} data-state={state}>
      <header class="card-head wraps">
        <h2 id={id}>{title}</h2>
        <div class="card-tools">
          {tools}
          <DownloadLink href={downloadAddress(of, 'csv')} label={t.chart.csvOf(title)} text={t.chart.csv} />
        </div>
      </header>
      <div class="ranked-room">
        {summary.data === undefined ? (
          <WithoutData reading={summary} />
        ) : groups.length === 0 ? (
          <p class="nothing">{t.chart.empty}</p>
        ) : (
          <table class="ranked" aria-labelledby={id}>
            <thead class="visually-hidden">
              <tr>
                <th scope="col">{t.top.name}</th>
                <th scope="col">{t.chart.count}</th>
                <th scope="col">{t.top.share}</th>
              </tr>
            </thead>
            <tbody>
              {groups.map(({ key, count }) => (
                <tr key={key}>
                  <th scope="row">
                    {key === null ? withoutKey(subject) : <NameText {...nameOf(subject, key)} />}
                    <Bar share={count / largest} />
                  </th>
                  <td>{exact(count)}</td>
                  <td class="share">{percent(count / Math.max(1, total))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}

const withoutKey = (subject: Subject) => (subject === 'user' ? t.top.nobody : t.top.nothing);

function Bar({ share }: { share: number }) {
  return (
    <svg class="rank-bar" width="100%" height="5" aria-hidden="true">
      <rect class="rank-well" width="100%" height="5" rx="2.5" />
      <rect class="rank-fill" width={`${share * 100}%`} height="5" rx="2.5" />
    </svg>
  );
}
