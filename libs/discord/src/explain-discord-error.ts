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

const OBJECT_NAMES: Record<Exclude<DiscordObject, 'channel'>, string> = {
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
    case 'forbidden':
      return `refused to ${action}: the bot lacks ${lacking(failure.code, needed)}${where}`;
    case 'not_found':
      return `could not ${action}: ${missing(failure.object, channelId)} does not exist (any more)`;
    case 'rate_limited':
      return `did not ${action} yet: too many requests${where}, again in ${Math.ceil(failure.retryAfterMs / 1_000)} s`;
    case 'rejected': {
      const fields = failure.fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
      return `did not accept the request to ${action}${where}${fields && ` (${fields})`}`;
    }
    case 'unauthorized':
      return `does not accept the bot's token, so it did not ${action}`;
    case 'unavailable':
      return `did not answer when asked to ${action}${where}`;
  }
}

function lacking(code: number, needed: readonly DiscordPermission[]): string {
  const seeing: DiscordPermission[] = code === MISSING_ACCESS ? ['ViewChannel'] : [];
  return namePermissions([...new Set([...seeing, ...needed])]) || 'a permission';
}

function missing(object: DiscordObject | undefined, channelId: string | undefined): string {
  const channel = channelId === undefined ? 'the channel' : `channel ${channelId}`;
  if (object === 'channel') return channel;
  const name = object === undefined ? 'what it is about' : OBJECT_NAMES[object];
  return object === 'message' ? `${name} in ${channel}` : name;
}
