import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { deleteChannel } from '#libs/counter-panels';
import { beginCreations, noteCreatedChannel, findCustomPanelChannels, type GuildSettings } from '#libs/database';
import {
  BotPermissions,
  DeadlineError,
  DiscordError,
  explainDiscordError,
  lockedFor,
  TO_CHANGE_VOICE,
  TO_CREATE_LOCKED,
  withDeadline,
  type Clock,
  type ChannelOfGuild,
  type DiscordChannel,
  type DiscordClient,
  type DiscordPermission,
} from '#libs/discord';
import type { Logger } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';
import { BadRequestError, DiscordApiInteractionError, ServiceUnavailableError } from '../http/api-error.js';
import type { SettingsChange } from '../settings/settings.forms.js';
import { CLOCK, DISCORD, LOGGER } from '../tokens.js';
import { channelsToCheck, possibleThread, wrongChannels, type NamedChannel } from './channel-checks.js';
import { PanelUndo } from './panel-undo.service.js';
import type { PanelCreation, PanelWork } from './panel-work.js';

/** What a request may take for its work in Discord. */
const WORK_MS = 60_000;
/** When a request whose channels are not stored has certainly died. */
const DEAD_AFTER_MS = 2 * WORK_MS;
/** What an erasure may take for channels that it leaves behind anyhow. */
const FAREWELL_MS = 10_000;

const NO_TOKEN =
  'Custom panels are channels that are created and deleted in Discord, which needs DISCORD_TOKEN to be set';

/** What a permission is asked for. */
interface Asked {
  guildId: string;
  /** Where the bot may lack something, beside the guild as a whole. */
  channelId?: string;
  action: string;
  needed: readonly DiscordPermission[];
}

/** The channels of counter panels in Discord, as far as requests create, delete or name them. */
@Injectable()
export class PanelChannels implements OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(
    private readonly database: GuildDatabase,
    private readonly panelUndo: PanelUndo,
    @Inject(DISCORD) private readonly discord: DiscordClient | null,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Comes before the server waits for its requests: Discord may let them wait longer than the process has. */
  onModuleDestroy(): void {
    this.stopping.abort(new ServiceUnavailableError('The service is stopping, so the change was given up', {}));
  }

  get hasDiscord(): boolean {
    return this.discord !== null;
  }

  /** Unix milliseconds, by the clock that everything in Discord goes by. */
  now(): number {
    return this.clock.now();
  }

  /**
   * Checks the channels that a change names, creates channels for its panels, and deletes those of panels that go.
   * Nothing is stored but that it is under way; whoever cannot store the rest calls `undo`.
   *
   * @throws BadRequestError for channels that do not belong to the guild or the category
   * @throws DiscordApiInteractionError when Discord refuses or does not answer; then what was created is removed again
   * @throws ServiceUnavailableError when the service stops; then what was created is removed later
   */
  async carryOut(change: SettingsChange, before: GuildSettings, after: GuildSettings): Promise<PanelWork> {
    const { counter_panel_custom_panels_create: creates = [], counter_panel_custom_panels_delete: deletes = [] } =
      change;
    const work: PanelWork = { guildId: change.guild_id, creations: [], deleted: new Set() };
    const { discord } = this;
    if (discord === null) {
      if (creates.length + deletes.length > 0) throw new DiscordApiInteractionError(NO_TOKEN);
      return work;
    }
    const categoryId = after.counterPanelCategoryChannel;
    if (creates.length > 0 && categoryId === null) {
      const message = 'is needed to create custom panels';
      throw new BadRequestError([{ field: 'counter_panel_category_channel', message }]);
    }
    await this.withinTime(async (signal) => {
      await this.check(discord, work.guildId, channelsToCheck(before, after), categoryId, signal);
    });
    if (creates.length > 0) await this.begin(work, creates, categoryId!);
    try {
      await this.withinTime(async (signal) => {
        for (const creation of work.creations) await this.create(discord, creation, signal);
        for (const channelId of deletes) await this.delete(discord, work, channelId, signal);
      });
    } catch (error) {
      await this.undo(work);
      throw error;
    }
    return work;
  }

  /** Removes what was created, now or later. Never throws. */
  async undo(work: PanelWork): Promise<void> {
    if (this.discord !== null) await this.panelUndo.undo(this.discord, work, this.stopping.signal);
  }

  /** The channels of the guild's custom panels, those that are being created too. Never throws. */
  async ofGuild(guildId: string): Promise<string[]> {
    if (this.discord === null) return [];
    try {
      return await this.database.read((manager) => findCustomPanelChannels(manager, guildId));
    } catch (error) {
      this.logger.warn(
        { guild: guildId, err: error },
        'the channels of the counter panels of a guild could not be read',
      );
      return [];
    }
  }

  /** Deletes channels as far as Discord plays along within some seconds. Never throws. */
  async deleteAsFarAsPossible(guildId: string, channelIds: readonly string[]): Promise<void> {
    const { discord } = this;
    if (discord === null || channelIds.length === 0) return;
    const outcomes = await withDeadline(this.clock, FAREWELL_MS, (signal) =>
      Promise.allSettled(channelIds.map((channelId) => deleteChannel(discord, guildId, channelId, signal))),
    );
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    if (failed.length === 0) return;
    const details = { guild: guildId, err: failed[0]!.reason as Error, left: failed.length };
    this.logger.warn(details, 'channels of counter panels of an erased guild could not be deleted');
  }

  private async check(
    discord: DiscordClient,
    guildId: string,
    named: readonly NamedChannel[],
    categoryId: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    if (named.length === 0) return;
    const asked: Asked = { guildId, action: 'read the channels of the server', needed: ['ViewChannel'] };
    const channels = await this.explaining(asked, signal, async () => {
      const all = await discord.guilds.channels(guildId, signal);
      const threadId = possibleThread(named, all);
      const thread = threadId && (await findChannel(discord, { guildId, channelId: threadId }, signal));
      return thread ? [...all, thread] : all;
    });
    const mistakes = wrongChannels(named, channels, categoryId);
    if (mistakes.length > 0) throw new BadRequestError(mistakes);
  }

  private async begin(
    work: PanelWork,
    panels: NonNullable<SettingsChange['counter_panel_custom_panels_create']>,
    categoryId: string,
  ): Promise<void> {
    const now = this.clock.now();
    const creations = await this.database.write((manager) =>
      beginCreations(manager, {
        guildId: work.guildId,
        categoryId,
        channelNames: panels.map(({ channel_name }) => channel_name),
        begunAt: new Date(now),
        dueAt: new Date(now + DEAD_AFTER_MS),
      }),
    );
    work.creations = creations.map((creation, index) => ({ panel: panels[index]!, creation, state: 'not asked' }));
  }

  private async create(discord: DiscordClient, panel: PanelCreation, signal: AbortSignal): Promise<void> {
    const { guildId, categoryId, channelName: name } = panel.creation;
    const action = `create the channel ${JSON.stringify(name)}`;
    const asked = { guildId, channelId: categoryId, action, needed: TO_CREATE_LOCKED };
    await this.explaining(asked, signal, async () => {
      const bot = await discord.users.self(signal);
      panel.state = 'asked';
      try {
        const overwrites = lockedFor(guildId, bot.id);
        const channel = await discord.channels.createVoice({ guildId, name, parentId: categoryId, overwrites }, signal);
        panel.creation.channelId = channel.id;
        panel.state = 'created';
      } catch (error) {
        if (error instanceof DiscordError && !error.mayHaveBeenDone) panel.state = 'refused';
        throw error;
      }
    });
    await this.database.write((manager) => noteCreatedChannel(manager, panel.creation));
  }

  private async delete(
    discord: DiscordClient,
    { guildId, deleted }: PanelWork,
    channelId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const asked = { guildId, channelId, action: `delete the channel ${channelId}`, needed: TO_CHANGE_VOICE };
    await this.explaining(asked, signal, () => deleteChannel(discord, guildId, channelId, signal));
    deleted.add(channelId);
  }

  /** @throws DiscordApiInteractionError when the time is over, or ServiceUnavailableError when the service stops */
  private async withinTime(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await withDeadline(this.clock, WORK_MS, work, this.stopping.signal);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new DiscordApiInteractionError(`Discord was too slow: ${error.message}`, error);
    }
  }

  /** @throws DiscordApiInteractionError that names the permission, where one is missing */
  private async explaining<T>(asked: Asked, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DiscordError)) throw error;
      const { guildId, channelId, action, needed } = asked;
      if (error.kind !== 'forbidden') {
        throw new DiscordApiInteractionError(explainDiscordError(error, { action, channelId, needed }), error);
      }
      const lacking = await this.lacking(asked, signal);
      throw new DiscordApiInteractionError(
        explainDiscordError(error, { action, needed, ...lacking }) + (lacking ? '' : ` in server ${guildId}`),
        error,
      );
    }
  }

  /** What the bot lacks, and where; undefined when that cannot be found out. */
  private async lacking(
    { guildId, channelId, needed }: Asked,
    signal: AbortSignal,
  ): Promise<{ needed: DiscordPermission[]; channelId?: string } | undefined> {
    const { discord } = this;
    if (discord === null) return undefined;
    try {
      const permissions = await BotPermissions.read(discord, guildId, signal);
      const now = this.clock.now();
      const inGuild = permissions.lacking(needed, now);
      if (inGuild.length > 0) return { needed: inGuild };
      const inChannel = permissions.lacking(needed, now, channelId);
      return inChannel.length > 0 ? { needed: inChannel, channelId } : undefined;
    } catch (error) {
      if (error instanceof DiscordError) return undefined;
      throw error;
    }
  }
}

/** Undefined for a channel that is not of the guild, or that the bot may not see. */
async function findChannel(
  discord: DiscordClient,
  { guildId, channelId }: ChannelOfGuild,
  signal: AbortSignal,
): Promise<DiscordChannel | undefined> {
  try {
    const channel = await discord.channels.get({ guildId, channelId }, signal);
    return channel.guildId === guildId ? channel : undefined;
  } catch (error) {
    const isUnknown = error instanceof DiscordError && (error.kind === 'forbidden' || error.kind === 'not_found');
    if (!isUnknown) throw error;
    return undefined;
  }
}
