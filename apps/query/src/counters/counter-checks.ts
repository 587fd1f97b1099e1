import type { DiscordChannel, DiscordClient } from '#libs/discord';
import type { Clock } from '#libs/timing';
import { ExplainedCalls } from '../discord/explained-calls.js';
import { BadRequestError } from '../http/api-error.js';
import { checkNamedChannels } from '../settings/channel-checks.js';
import { counterChannelProblem } from './counter-channels.js';
import { MAX_COUNTERS } from './custom-panels.js';

/**
 * Checks of counters with Discord. Every method throws DiscordApiInteractionError if Discord refuses or does not
 * answer, or the signal's reason.
 */
export class CounterChecks {
  private readonly calls: ExplainedCalls;

  constructor(
    private readonly discord: DiscordClient,
    private readonly clock: Clock,
    private readonly guildId: string,
  ) {
    this.calls = new ExplainedCalls(discord, clock);
  }

  /** @returns the name of the role @throws BadRequestError if the guild does not have it */
  async requireRole(roleId: string, signal: AbortSignal): Promise<string> {
    const call = { guildId: this.guildId, action: 'read the roles of the server', needed: [] };
    const roles = await this.calls.run(call, signal, () => this.discord.guilds.roles(this.guildId, signal));
    const role = roles.find(({ id }) => id === roleId);
    if (role !== undefined) return role.name;
    throw new BadRequestError([{ field: 'role_id', message: 'must be a role of this guild' }]);
  }

  /** @throws BadRequestError if the channel is not one of the guild, or cannot show a counter */
  async requireChannel(channelId: string, signal: AbortSignal): Promise<void> {
    const mistake = (channel: DiscordChannel) => counterChannelProblem(channel, null);
    const parts = { discord: this.discord, clock: this.clock };
    await checkNamedChannels(parts, this.guildId, [{ field: 'channel_id', channelId, mistake }], signal);
  }

  /** @throws BadRequestError if the category has as many channels as Discord allows */
  async requireRoomIn(categoryId: string, signal: AbortSignal): Promise<void> {
    const call = { guildId: this.guildId, action: 'read the channels of the server', needed: [] };
    const channels = await this.calls.run(call, signal, () => this.discord.guilds.channels(this.guildId, signal));
    if (channels.filter(({ parentId }) => parentId === categoryId).length < MAX_COUNTERS) return;
    const message = `has ${MAX_COUNTERS} channels, the maximum that Discord allows`;
    throw new BadRequestError([{ field: 'counter_panel_category_channel', message }]);
  }
}
