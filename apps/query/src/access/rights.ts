import type { RouteAccess } from './access.decorator.js';
import type { Principal } from './principal.js';

/** What a caller wants to do. */
export interface RequestedAccess {
  access: RouteAccess;
  method: string;
  /** The guild in the request. */
  guildId?: string;
}

const READING_METHODS = ['GET', 'HEAD'];

/** Whether a principal may do this. The only place that decides it; docs/security.md has the same rules as a table. */
export function hasRight(principal: Principal, { access, method, guildId }: RequestedAccess): boolean {
  switch (principal.kind) {
    case 'service':
      return true;
    case 'guild':
      return (
        access === 'guild' &&
        guildId === principal.guildId &&
        (principal.access === 'write' || READING_METHODS.includes(method))
      );
  }
}
