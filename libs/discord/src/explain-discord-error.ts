import { MISSING_ACCESS, type DiscordError, type DiscordFailure, type DiscordObject } from './discord-error.js';
import { namePermissions, type DiscordPermission } from './permissions.js';

export interface FailedAction {
  /** Ends the sentence "Discord could not …", such as "create the channel". */
  action: string;
  /** The channel of the action. */
  channelId?: string;
  /** The permissions that the action needs, used if `lacking` is not given. */
  needed?: readonly DiscordPermission[];
  /** The permissions that the bot is known to lack in the channel (`missingPermissions`). */
  lacking?: readonly DiscordPermission[];
  /** Whether the bot is known to be in the guild (`isInGuild`). */
  isInGuild?: boolean;
}

const MISSING_PERMISSIONS = 50013;
/** A proxy refuses without Discord's code. */
const NO_CODE = 0;
const PERMISSION_CODES = [NO_CODE, MISSING_ACCESS, MISSING_PERMISSIONS];

/** Explanations of codes that are clearer than Discord's messages. */
const REASONS: Readonly<Record<number, string>> = {
  20009: 'it considers the content explicit',
  20031: 'the name contains words that it does not allow in this server',
  30013: 'the server has 500 channels, the maximum that Discord allows',
  50074: 'a Community server needs the channel',
  60003: "the server requires two-factor authentication, which the bot's owner has to switch on",
  200000: "the server's AutoMod blocks it",
  200001: "the server's AutoMod blocks the title",
  240000: 'it contains a link that Discord considers harmful',
};
/** The maximum length of Discord's message, in characters. */
const MAX_REASON_LENGTH = 200;

const NOT_IN_GUILD = 'the bot is not in this guild (any more)';
const OBJECT_NAMES: Record<Exclude<DiscordObject, 'channel' | 'guild'>, string> = {
  member: 'the member',
  message: 'the message',
  role: 'the role',
  user: 'the user',
};

/** One sentence for people, without a full stop, that names the permission and the object. */
export function explainDiscordError({ failure }: DiscordError, failed: FailedAction): string {
  return `Discord ${reason(failure, failed)}`;
}

function reason(failure: DiscordFailure, failed: FailedAction): string {
  const { action, channelId, needed = [], lacking, isInGuild } = failed;
  const where = channelId === undefined ? '' : ` in channel ${channelId}`;
  switch (failure.kind) {
    case 'forbidden':
      if (isInGuild === false) return `refused to ${action}: ${NOT_IN_GUILD}`;
      if (!PERMISSION_CODES.includes(failure.code)) return `refused to ${action}${where}${because(failure)}`;
      return `refused to ${action}: the bot lacks ${nameLacking(failure.code, needed, lacking)}${where}`;
    case 'not_found':
      if (failure.object === 'guild') return `could not ${action}: ${NOT_IN_GUILD}`;
      return `could not ${action}: ${missing(failure.object, channelId)} does not exist (any more)`;
    case 'rate_limited':
      return `did not ${action} yet: too many requests${where}, retry in ${Math.ceil(failure.retryAfterMs / 1_000)} s`;
    case 'rejected':
      return `did not accept the request to ${action}${where}${because(failure)}`;
    case 'unauthorized':
      return `does not accept the bot's token, so it did not ${action}`;
    case 'unavailable':
      return `did not answer when asked to ${action}${where}`;
  }
}

/** Discord's reason with its code. Empty if there is none. */
function because(failure: Extract<DiscordFailure, { kind: 'forbidden' | 'rejected' }>): string {
  const fields = failure.kind === 'rejected' ? failure.fields : [];
  const words =
    fields.map(({ field, message }) => `${field}: ${message}`).join('; ') || REASONS[failure.code] || failure.reason;
  const code = failure.code === NO_CODE ? '' : ` (code ${failure.code})`;
  return words === undefined ? code : `: ${words.slice(0, MAX_REASON_LENGTH)}${code}`;
}

function nameLacking(
  code: number,
  needed: readonly DiscordPermission[],
  known: readonly DiscordPermission[] | undefined,
): string {
  const seeing: DiscordPermission[] = code === MISSING_ACCESS ? ['ViewChannel'] : [];
  return namePermissions(known ?? [...new Set([...seeing, ...needed])]) || 'a permission';
}

function missing(object: Exclude<DiscordObject, 'guild'> | undefined, channelId: string | undefined): string {
  const channel = channelId === undefined ? 'the channel' : `channel ${channelId}`;
  if (object === 'channel') return channel;
  const name = object === undefined ? 'the object' : OBJECT_NAMES[object];
  return object === 'message' ? `${name} in ${channel}` : name;
}
