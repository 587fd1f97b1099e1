import { useState } from 'preact/hooks';
import { overviewPath } from '../address/pages.js';
import type { CallerGuild } from '../api/types.js';
import { GuildMark } from '../components/brand.js';
import { LogOutButton } from '../components/log-out-button.js';
import { PlainPage } from '../components/plain-page.js';
import { t } from '../texts/en.js';
import { logOut } from './log-out.js';
import { useTitle } from './use-title.js';

/** From this number of guilds on, the list can be filtered. */
const MANY = 8;

/** The guilds of the session. */
export function GuildsPage({ guilds }: { guilds: readonly CallerGuild[] }) {
  useTitle(t.guilds.title);
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  const found = guilds.filter(({ id, name }) => id.includes(wanted) || name?.toLowerCase().includes(wanted));
  return (
    <PlainPage>
      <section class="card guilds">
        <h1>{t.guilds.title}</h1>
        <p class="lead">{guilds.length === 0 ? t.guilds.none : t.guilds.lead}</p>
        {guilds.length > MANY && (
          <label class="filter">
            {t.guilds.filter}
            <input
              class="input"
              type="search"
              value={filter}
              onInput={(event) => setFilter(event.currentTarget.value)}
            />
          </label>
        )}
        {guilds.length > 0 && found.length === 0 && <p class="nothing">{t.guilds.noMatch}</p>}
        <ul>
          {found.map((guild) => (
            <li key={guild.id}>
              <GuildLink guild={guild} />
            </li>
          ))}
        </ul>
        <LogOutButton logOut={logOut} />
      </section>
    </PlainPage>
  );
}

function GuildLink({ guild: { id, name, enabled } }: { guild: CallerGuild }) {
  return (
    <a class="guild" href={overviewPath(id)}>
      <GuildMark name={name ?? '#'} />
      <span class="guild-name">
        {name ?? id}
        <span class="quiet">{name === null ? t.guilds.unnamed : id}</span>
      </span>
      {!enabled && <span class="note">{t.guilds.disabled}</span>}
    </a>
  );
}
