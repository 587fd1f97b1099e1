import type { ApiKeyAccess } from '#libs/database';

/** Who a valid credential stands for. */
export type Principal = ServicePrincipal | GuildPrincipal;

/** The bot, with the service key. */
export interface ServicePrincipal {
  kind: 'service';
}

/** Whoever holds an API key that was made for a guild. */
export interface GuildPrincipal {
  kind: 'guild';
  keyId: string;
  guildId: string;
  access: ApiKeyAccess;
}
