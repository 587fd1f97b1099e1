import type { DiscordError, DiscordFailure, DiscordObject } from './discord-error.js';
import { namePermissions, type DiscordPermission } from './permissions.js';

export interface FailedAction {
  /** Ends the sentence "Discord could not …", such as "create the channel". */
  action: string;
  /** Where. */
  channelId?: string;
  /** What the bot is known to lack there (`missingPermissions`), else what the action needs. */
  needed?: readonly DiscordPermission[];
}

const MISSING_ACCESS = 50001;

const OBJECT_NAMES: Record<DiscordObject, string> = {
  channel: 'the channel',
  guild: 'the server',
  member: 'the member',
  message: 'the message',
  role: 'the role',
  user: 'the user',
};

/** One sentence for people, without a full stop, that names the permission and the object. */
export function explainDiscordError({ failure }: DiscordError, failed: FailedAction): string {
  return `Discord ${reason(failure, failed)}`;
}

function reason(failure: DiscordFailure, { action, channelId, needed = [] }: FailedAction): string {
  const where = channelId === undefined ? '' : ` in channel ${channelId}`;
  switch (failure.kind) {
    case 'forbidden': {
      const lacking =
        failure.code === MISSING_ACCESS && !needed.includes('ViewChannel')
          ? ['ViewChannel' as const, ...needed]
          : needed;
      const lacks = lacking.length > 0 ? namePermissions(lacking) : 'a permission';
      return `refused to ${action}: the bot lacks ${lacks}${where}`;
    }
    case 'not_found': {
      const missing = failure.object === undefined ? 'it' : OBJECT_NAMES[failure.object];
      const id = failure.object === 'channel' && channelId !== undefined ? ` ${channelId}` : '';
      const place = failure.object === 'channel' ? '' : where;
      return `could not ${action}: ${missing}${id} does not exist (any more)${place}`;
    }
    case 'rate_limited':
      return `did not ${action} yet${where}: too many changes, again in ${Math.ceil(failure.retryAfterMs / 1_000)} s`;
    case 'rejected': {
      const fields = failure.fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
      return `did not accept the request to ${action}${where}${fields && ` (${fields})`}`;
    }
    case 'unauthorized':
      return `does not accept the bot's token, so it could not ${action}`;
    case 'unavailable':
      return `did not answer when asked to ${action}${where}`;
  }
}
