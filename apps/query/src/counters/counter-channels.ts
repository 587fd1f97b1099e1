import type { DiscordChannel } from '#libs/discord';

/** Discord's channel types. */
export const CATEGORY = 4;
const THREADS = [10, 11, 12];

/**
 * Why a channel cannot show a counter.
 *
 * @param categoryId null if it may be in any category
 */
export function counterChannelProblem(
  { type, parentId }: DiscordChannel,
  categoryId: string | null,
): string | undefined {
  if (type === CATEGORY) return 'must not be a category';
  if (THREADS.includes(type)) return 'must not be a thread';
  return categoryId === null || parentId === categoryId ? undefined : 'must be in counter_panel_category_channel';
}
