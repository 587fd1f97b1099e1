import { searchOf, type View } from '../address/view.js';
import { overviewPath } from '../address/pages.js';
import type { Loaded } from '../api/queries.js';
import type { Kind, KindTotal, Overview } from '../api/types.js';
import { Change } from '../components/change.js';
import { WithoutData } from '../components/chart-frame.js';
import { frameState } from '../components/frame-state.js';
import { Icon, kindIcon } from '../components/icon.js';
import { exact } from '../format/numbers.js';
import { kindName } from '../kinds/kind-names.js';
import { t } from '../texts/en.js';

interface Props {
  guild: string;
  view: View;
  kinds: readonly Kind[];
  overview: Loaded<Overview>;
  /** The kind whose chart is shown. */
  chosen: string | undefined;
}

/** The totals of all kinds that are on. A tile shows its kind in the chart. */
export function TilesPanel({ guild, view, kinds, overview, chosen }: Props) {
  const totals = new Map(overview.data?.kinds.map((one) => [one.kind, one]));
  const isOn = ({ kind }: Kind) => totals.get(kind)?.enabled === true;
  const on = kinds.filter(isOn);
  const off = kinds.filter((kind) => !isOn(kind));
  const state = frameState(overview, () => (on.length === 0 ? 'off' : 'ready'));
  return (
    <section class="totals" aria-label={t.totals.title} aria-busy={state === 'loading'} data-state={state}>
      {overview.data === undefined ? (
        <div class="totals-room">
          <WithoutData reading={overview} />
        </div>
      ) : on.length === 0 ? (
        <p class="card">{t.totals.none}</p>
      ) : (
        <ul>
          {on.map((kind) => (
            <li key={kind.kind}>
              <Tile
                kind={kind}
                total={totals.get(kind.kind)!}
                href={overviewPath(guild) + searchOf({ ...view, kind: kind.kind })}
                isChosen={kind.kind === chosen}
              />
            </li>
          ))}
        </ul>
      )}
      {overview.data !== undefined && off.length > 0 && (
        <p class="quiet">{t.totals.off(off.map((kind) => kindName(kind).label).join(', '))}</p>
      )}
    </section>
  );
}

interface TileProps {
  kind: Kind;
  total: KindTotal;
  href: string;
  isChosen: boolean;
}

function Tile({ kind, total: { total, previous_total }, href, isChosen }: TileProps) {
  return (
    <a class="tile" href={href} aria-current={isChosen ? 'true' : undefined} data-kind={kind.kind} data-total={total}>
      <span class="tile-label">
        <Icon name={kindIcon(kind.kind)} />
        {kindName(kind).label}
      </span>
      <span class="tile-number">{exact(total)}</span>
      <Change total={total} before={previous_total} />
    </a>
  );
}
