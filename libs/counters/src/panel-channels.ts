import { In, IsNull, LessThan, type EntityManager } from 'typeorm';
import { CounterPanelChannel, Parameters } from '#libs/database';
import { refreshes, type RefreshClaim } from './panel-refreshes.js';

/** What is known of a channel that shows a count; each change makes a new one. */
export type PanelChannel = Pick<CounterPanelChannel, keyof CounterPanelChannel>;

/** By channel. */
export async function findPanelChannels(manager: EntityManager, guildId: string): Promise<Map<string, PanelChannel>> {
  const channels = await manager.getRepository(CounterPanelChannel).findBy({ guildId });
  return new Map(channels.map((channel) => [channel.channelId, channel]));
}

/**
 * Stores them while the claim holds: one that has ended by itself may have been followed by another, which knows
 * better.
 *
 * @returns whether the claim holds
 */
export async function savePanelChannels(
  manager: EntityManager,
  claim: RefreshClaim,
  channels: readonly PanelChannel[],
): Promise<boolean> {
  return manager.transaction(async (transaction) => {
    const { values, add } = new Parameters();
    const condition = refreshes.heldBy(claim, add);
    const held = await transaction.query<unknown[]>(
      `SELECT FROM counter_panel_refreshes WHERE ${condition} FOR UPDATE`,
      values,
    );
    if (held.length === 0) return false;
    await transaction.getRepository(CounterPanelChannel).upsert([...channels], ['guildId', 'channelId']);
    return true;
  });
}

/** Drops what is known of channels that show no count any more, unless Discord still counts their renames. */
export async function dropPanelChannels(
  manager: EntityManager,
  guildId: string,
  channelIds: readonly string[],
  renamedBefore: Date,
): Promise<void> {
  const channel = { guildId, channelId: In(channelIds) };
  await manager.getRepository(CounterPanelChannel).delete([
    { ...channel, lastRenamedAt: IsNull() },
    { ...channel, lastRenamedAt: LessThan(renamedBefore) },
  ]);
}

/** Whatever the channels of the guild are called by now, they get their names anew. */
export async function forgetShownNames(manager: EntityManager, guildId: string): Promise<void> {
  await manager.getRepository(CounterPanelChannel).update({ guildId }, { shownName: null });
}
