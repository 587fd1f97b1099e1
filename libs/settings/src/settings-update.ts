import type { GuildSettings } from '#libs/database';

/**
 * The new `updated_at` of changed settings: the current time, but always later than the previous one, because it
 * identifies versions.
 */
export function nextUpdate(settings: Pick<GuildSettings, 'updatedAt'> | null, now = Date.now()): Date {
  return new Date(settings === null ? now : Math.max(now, settings.updatedAt.getTime() + 1));
}
