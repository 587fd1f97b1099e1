import type { ApiKeyAccess } from '#libs/database';

/** The owner of a valid credential. */
export type Principal = ServicePrincipal | GuildPrincipal;

/** The bot, with the service key. */
export interface ServicePrincipal {
  kind: 'service';
}

/** The holder of an API key, which belongs to one guild. */
export interface GuildPrincipal {
  kind: 'guild';
  keyId: string;
  guildId: string;
  access: ApiKeyAccess;
}
