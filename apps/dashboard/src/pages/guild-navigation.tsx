import { kindPath, overviewPath } from '../address/pages.js';
import type { View } from '../address/view.js';
import { searchOf } from '../address/view.js';
import type { Kind } from '../api/types.js';
import { Brand, GuildMark } from '../components/brand.js';
import { Icon, kindIcon, type IconName } from '../components/icon.js';
import { LogOutButton } from '../components/log-out-button.js';
import { ThemeSwitch } from '../components/theme-switch.js';
import { kindName } from '../kinds/kind-names.js';
import { t } from '../texts/en.js';
import { logOut } from './log-out.js';

interface Props {
  guild: string;
  name: string;
  /** Whether the session has other guilds. */
  hasOthers: boolean;
  kinds: readonly Kind[];
  /** The window goes along to other pages. */
  view: View;
  pathname: string;
}

/** The pages of a guild. */
export function GuildNavigation({ guild, name, hasOthers, kinds, view, pathname }: Props) {
  const search = searchOf({ ...view, group: null, kind: null });
  const link = (path: string, icon: IconName, text: string) => (
    <a href={path + search} aria-current={path === pathname ? 'page' : undefined}>
      <Icon name={icon} />
      {text}
    </a>
  );
  return (
    <nav class="pages" aria-label={t.nav.label}>
      <Brand />
      <div class="guild">
        <GuildMark name={name} />
        <span class="guild-name">
          <span class="visually-hidden">{t.nav.server}: </span>
          {name}
          {hasOthers && (
            <a class="quiet" href="/">
              {t.nav.otherServer}
            </a>
          )}
        </span>
      </div>
      <ul class="nav-group">
        <li>{link(overviewPath(guild), 'overview', t.nav.overview)}</li>
      </ul>
      {kinds.length > 0 && (
        <div class="nav-group">
          <h2>{t.nav.statistics}</h2>
          <ul>
            {kinds.map((kind) => (
              <li key={kind.kind}>{link(kindPath(guild, kind.kind), kindIcon(kind.kind), kindName(kind).label)}</li>
            ))}
          </ul>
        </div>
      )}
      <div class="nav-end">
        <ThemeSwitch />
        <LogOutButton logOut={logOut} />
      </div>
    </nav>
  );
}
