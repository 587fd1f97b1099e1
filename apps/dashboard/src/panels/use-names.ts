import { useApi } from '../api/queries.js';
import type { Directory, User } from '../api/types.js';
import type { Subject } from '../kinds/group-subject.js';
import { t } from '../texts/en.js';

export interface Named {
  text: string;
  /** Why there is only an id. */
  note?: string;
  isId: boolean;
}

/** Users that one request can ask for. */
const MAX_USERS = 100;

/** Names ids of a guild's channels and users. Where nothing is known, the id is shown. */
export function useNames(guild: string, userIds: readonly string[]): (subject: Subject, value: string) => Named {
  const directory = useApi<Directory>('/directory', { guild_id: guild });
  const ids = [...new Set(userIds)].toSorted().slice(0, MAX_USERS).join(',');
  const users = useApi<User[]>('/directory/users', { guild_id: guild, ids }, { enabled: ids !== '' });
  // Without a Discord token, nobody has a name, and that says nothing of an id.
  const isKnown = directory.data !== undefined && directory.data.guild.name !== null;
  return (subject, value) => {
    if (subject === 'text') return { text: value, isId: false };
    const found =
      subject === 'channel'
        ? directory.data?.channels.find(({ id }) => id === value)
        : users.data?.find(({ id }) => id === value);
    if (found?.name) return { text: subject === 'channel' ? `# ${found.name}` : found.name, isId: false };
    const note = subject === 'channel' ? t.top.deleted : users.isSuccess ? t.top.unknown : undefined;
    return { text: value, isId: true, note: isKnown ? note : undefined };
  };
}
