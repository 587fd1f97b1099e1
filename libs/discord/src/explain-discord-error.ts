import type { DiscordError, DiscordFailure, DiscordObject } from './discord-error.js';
import { namePermissions, type DiscordPermission } from './permissions.js';

export interface FailedAction {
  /** Ends the sentence "Discord could not …", such as "create the channel". */
  action: string;
  /** Where. */
  channelId?: string;
  /** What the action needs there, or what the bot is known to lack of it without having looked at the channel. */
  needed?: readonly DiscordPermission[];
  /** What the bot is known to lack in the channel (`missingPermissions`); nothing is guessed then. */
  lacking?: readonly DiscordPermission[];
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

function reason(failure: DiscordFailure, { action, channelId, needed = [], lacking }: FailedAction): string {
  const where = channelId === undefined ? '' : ` in channel ${channelId}`;
  switch (failure.kind) {
    case 'forbidden':
      return `refused to ${action}: the bot lacks ${nameLacking(failure.code, needed, lacking)}${where}`;
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

function nameLacking(
  code: number,
  needed: readonly DiscordPermission[],
  known: readonly DiscordPermission[] | undefined,
): string {
  const seeing: DiscordPermission[] = code === MISSING_ACCESS ? ['ViewChannel'] : [];
  return namePermissions(known ?? [...new Set([...seeing, ...needed])]) || 'a permission';
}

function missing(object: DiscordObject | undefined, channelId: string | undefined): string {
  const channel = channelId === undefined ? 'the channel' : `channel ${channelId}`;
  if (object === 'channel') return channel;
  const name = object === undefined ? 'what it is about' : OBJECT_NAMES[object];
  return object === 'message' ? `${name} in ${channel}` : name;
}
