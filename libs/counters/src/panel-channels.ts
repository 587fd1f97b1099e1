import { In, IsNull, LessThan, type EntityManager } from 'typeorm';
import { CounterPanelChannel, Parameters } from '#libs/database';
import { refreshes, type RefreshClaim } from './panel-refreshes.js';

/** The state of a channel that shows a counter. Immutable. */
export type PanelChannel = Pick<CounterPanelChannel, keyof CounterPanelChannel>;

/** By channel. */
export async function findPanelChannels(manager: EntityManager, guildId: string): Promise<Map<string, PanelChannel>> {
  const channels = await manager.getRepository(CounterPanelChannel).findBy({ guildId });
  return new Map(channels.map((channel) => [channel.channelId, channel]));
}

/**
 * Stores the channels if the claim is still held. If it has expired, another instance may have stored newer states.
 *
 * @returns whether the claim is still held
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

/**
 * Deletes the states of channels that show no counter any more, except those with renames that Discord still counts.
 */
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

/** Makes the next refresh set the names of all channels, even if they have not changed. */
export async function clearShownNames(manager: EntityManager, guildId: string): Promise<void> {
  await manager.getRepository(CounterPanelChannel).update({ guildId }, { shownName: null });
}
