import { useEffect } from 'preact/hooks';
import { pageOf, type Page } from '../address/pages.js';
import { parseView, searchOf } from '../address/view.js';
import { useApi } from '../api/queries.js';
import type { Caller, Directory, Kind } from '../api/types.js';
import { WithoutData } from '../components/chart-frame.js';
import { MessagePage, PlainPage } from '../components/plain-page.js';
import { Shell } from '../components/shell.js';
import { navigate } from '../navigation/navigation.js';
import { t } from '../texts/en.js';
import { GuildNavigation } from './guild-navigation.js';
import { KindPage } from './kind-page.js';
import { MissingPage } from './missing-page.js';
import { OverviewPage } from './overview-page.js';
import { useTitle } from './use-title.js';

interface Props {
  page: Extract<Page, { guild: string }>;
  address: URL;
  caller: Caller;
}

/** A page of a guild, if the session has a right to the guild and the module is enabled. */
export function GuildPage({ page, address, caller }: Props) {
  const { guild } = page;
  const known = caller.guilds.find(({ id }) => id === guild);
  // The service key has a right to all guilds, also to those that the list is too short for.
  const isUnlisted = known === undefined && caller.principal === 'service';
  const status = useApi<{ enabled: boolean }>('/status', { guild_id: guild }, { enabled: isUnlisted });
  const kinds = useApi<Kind[]>('/stats/kinds', {});
  if (known === undefined && !isUnlisted) return <ForbiddenPage />;
  const isEnabled = known?.enabled ?? status.data?.enabled;
  if (isEnabled === undefined || kinds.data === undefined) {
    return (
      <PlainPage>
        <div class="card page-room">
          <WithoutData reading={isEnabled === undefined ? status : kinds} />
        </div>
      </PlainPage>
    );
  }
  if (!isEnabled) return <DisabledPage hasOthers={hasOthers(caller)} />;
  return <EnabledGuild page={page} address={address} caller={caller} kinds={kinds.data} />;
}

function EnabledGuild({ page, address, caller, kinds }: Props & { kinds: readonly Kind[] }) {
  const { guild } = page;
  const view = parseView(address.search);
  const directory = useApi<Directory>('/directory', { guild_id: guild });
  const name = directory.data?.guild.name ?? caller.guilds.find(({ id }) => id === guild)?.name ?? guild;
  // A shared address shows the same window in another browser only if it has the time zone.
  useEffect(() => {
    const shown = pageOf(window.location.pathname);
    const full = address.pathname + searchOf(view);
    if (shown.name === page.name && address.search !== searchOf(view)) navigate(full, { replace: true });
  }, [address.href]);
  const kind = page.name === 'kind' ? kinds.find((one) => one.kind === page.kind) : undefined;
  const navigation = (
    <GuildNavigation
      guild={guild}
      name={name}
      hasOthers={hasOthers(caller)}
      kinds={kinds}
      view={view}
      pathname={address.pathname}
    />
  );
  if (page.name === 'kind' && kind === undefined) return <MissingPage />;
  return (
    <Shell navigation={navigation} address={address.pathname}>
      {kind === undefined ? (
        <OverviewPage guild={guild} guildName={name} view={view} kinds={kinds} />
      ) : (
        <KindPage key={kind.kind} of={{ guild, kind, view }} guildName={name} />
      )}
    </Shell>
  );
}

const hasOthers = ({ guilds }: Caller) => guilds.length > 1;

function ForbiddenPage() {
  useTitle(t.guilds.forbidden);
  return (
    <MessagePage title={t.guilds.forbidden} text={t.guilds.forbiddenText}>
      <a href="/">{t.guilds.toGuilds}</a>
    </MessagePage>
  );
}

function DisabledPage({ hasOthers: isOneOfMany }: { hasOthers: boolean }) {
  useTitle(t.guilds.off);
  return (
    <MessagePage title={t.guilds.off} text={t.guilds.offText}>
      {isOneOfMany && <a href="/">{t.guilds.toGuilds}</a>}
    </MessagePage>
  );
}
