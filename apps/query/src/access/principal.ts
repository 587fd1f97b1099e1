import type { ApiKeyAccess } from '#libs/database';

/** The owner of a valid credential. */
export type Principal = ServicePrincipal | GuildPrincipal | MemberPrincipal;

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

/** A person who logged in with Discord. */
export interface MemberPrincipal {
  kind: 'member';
  userId: string;
  /** Discord's access token. It reads the user's guilds. */
  accessToken: string;
  sessionId: string;
}
