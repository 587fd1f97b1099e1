import type { RouteAccess } from './access.decorator.js';
import type { GuildPrincipal, MemberPrincipal, Principal } from './principal.js';

/** What a caller wants to do. */
export interface RequestedAccess {
  access: RouteAccess;
  method: string;
  /** The guild in the request. */
  guildId?: string;
  /** The member in the request. */
  memberId?: string;
}

/** Guilds by their id. */
type Guilds = Pick<ReadonlyMap<string, unknown>, 'has'>;

const NO_GUILDS: Guilds = new Map();
const READING_METHODS = ['GET', 'HEAD'];

/** Whether a method changes nothing. */
export function isReading(method: string): boolean {
  return READING_METHODS.includes(method);
}

/**
 * Whether a principal may do this. The only place that decides it; docs/security.md has the same rules as a table.
 *
 * @param managedGuilds the guilds that a member manages
 */
export function hasRight(principal: Principal, requested: RequestedAccess, managedGuilds: Guilds = NO_GUILDS): boolean {
  switch (principal.kind) {
    case 'service':
      return true;
    case 'guild':
      return isRightOfKey(principal, requested);
    case 'member':
      return isRightOfMember(principal, requested, managedGuilds);
  }
}

function isRightOfKey(key: GuildPrincipal, { access, method, guildId }: RequestedAccess): boolean {
  if (access === 'any') return true;
  return access === 'guild' && guildId === key.guildId && (key.access === 'write' || isReading(method));
}

function isRightOfMember(
  member: MemberPrincipal,
  { access, guildId, memberId }: RequestedAccess,
  managedGuilds: Guilds,
): boolean {
  switch (access) {
    case 'any':
    case 'managed_key': // The handler revokes only keys of the guilds that the member manages.
      return true;
    case 'guild':
    case 'manager':
      return guildId !== undefined && managedGuilds.has(guildId);
    case 'own':
      return memberId === member.userId;
    default:
      return false;
  }
}
