import type { RouteAccess } from './access.decorator.js';
import type { Principal } from './principal.js';

/** What a right depends on, beside who asks. */
export interface AskedFor {
  access: RouteAccess;
  method: string;
  /** The guild that the request names. */
  guildId?: string;
}

const READING_METHODS = ['GET', 'HEAD'];

/** The rights of everybody: the table of "who may call" in docs/security.md, and the one place that decides. */
export function hasRight(principal: Principal, { access, method, guildId }: AskedFor): boolean {
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
