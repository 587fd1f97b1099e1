import type { GuildSettings } from '#libs/database';

/**
 * When a change of these settings happens, for `updated_at`: now, but always later than the change before, as it tells
 * versions apart.
 */
export function nextUpdate(settings: Pick<GuildSettings, 'updatedAt'> | null, now = Date.now()): Date {
  return new Date(settings === null ? now : Math.max(now, settings.updatedAt.getTime() + 1));
}
