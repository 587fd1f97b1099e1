import type { EntityManager } from 'typeorm';
import { deleteChannel, beginCreations, finishCreations, saveCreatedChannel } from '#libs/counters';
import {
  BotPermissions,
  DiscordError,
  lockedIn,
  TO_CHANGE_VOICE,
  TO_CREATE_LOCKED,
  type DiscordClient,
  type PermissionOverwrite,
} from '#libs/discord';
import type { LogIds } from '#libs/observability';
import type { Clock } from '#libs/timing';
import type { GuildDatabase } from '../database/guild-database.js';
import { ExplainedCalls } from '../discord/explained-calls.js';
import { BadRequestError, DiscordApiInteractionError } from '../http/api-error.js';
import type { DiscordTask } from '../settings/settings-part.js';
import type { ChannelToCreate, PanelCreation, PanelProgress } from './panel-progress.js';
import type { PanelUndo } from './panel-undo.service.js';

/** A request that has not stored its channels after this time has crashed. In milliseconds. */
const ABANDONED_AFTER_MS = 120_000;
/** How many ids an error message lists. */
const MAX_LISTED_IDS = 5;

export interface PanelRequestParts {
  discord: DiscordClient;
  database: GuildDatabase;
  clock: Clock;
  panelUndo: PanelUndo;
}

export interface PanelRequestChanges {
  guildId: string;
  /** The category of the counters after the change. */
  categoryId: string | null;
  creates: readonly ChannelToCreate[];
  /** Channel ids. */
  deletes: readonly string[];
  /** Of the request, for the log. */
  ids: LogIds;
}

/** Creates and deletes the channels of counters in Discord for one API request. */
export class PanelRequest implements DiscordTask {
  readonly progress: PanelProgress;
  private readonly calls: ExplainedCalls;

  constructor(
    private readonly parts: PanelRequestParts,
    private readonly order: PanelRequestChanges,
  ) {
    this.calls = new ExplainedCalls(parts.discord, parts.clock);
    this.progress = { guildId: order.guildId, ids: order.ids, creations: [], deleted: new Set() };
  }

  get deletedChannels(): ReadonlySet<string> {
    return this.progress.deleted;
  }

  get categoryId(): string | null {
    return this.order.categoryId;
  }

  /**
   * @throws BadRequestError for unknown roles
   * @throws DiscordApiInteractionError if Discord refuses or does not answer, or the signal's reason
   */
  async run(signal: AbortSignal): Promise<void> {
    const { creates, deletes, categoryId } = this.order;
    if (creates.length > 0) await this.create(creates, categoryId!, signal);
    for (const channelId of deletes) await this.delete(channelId, signal);
  }

  async undo(signal: AbortSignal): Promise<void> {
    const { creations, deleted } = this.progress;
    if (creations.length + deleted.size === 0) return;
    await this.parts.panelUndo.undo(this.parts.discord, this.progress, signal);
  }

  /**
   * Ends the creations. Call it in the transaction that stores their channels.
   *
   * @returns what was created
   * @throws DiscordApiInteractionError if they took so long that their channels are being removed
   */
  async finish(manager: EntityManager): Promise<readonly PanelCreation[]> {
    const { guildId, creations } = this.progress;
    if (creations.length === 0) return [];
    const all = creations.map(({ creation }) => creation);
    if (await finishCreations(manager, guildId, all)) return creations;
    throw new DiscordApiInteractionError('Creating the channels in Discord took too long, so it was cancelled');
  }

  private async create(panels: readonly ChannelToCreate[], categoryId: string, signal: AbortSignal): Promise<void> {
    const permissions = await this.readPermissions(signal);
    requireRoles(panels, permissions);
    const overwrites = await this.overwritesIn(categoryId, permissions, signal);
    await this.begin(panels, categoryId);
    for (const creation of this.progress.creations) await this.createOne(creation, overwrites, signal);
  }

  private async delete(channelId: string, signal: AbortSignal): Promise<void> {
    const { guildId, deleted } = this.progress;
    const call = { guildId, channelId, action: `delete the channel ${channelId}`, needed: TO_CHANGE_VOICE };
    await this.calls.run(call, signal, () => deleteChannel(this.parts.discord, guildId, channelId, signal));
    deleted.add(channelId);
  }

  private async readPermissions(signal: AbortSignal): Promise<BotPermissions> {
    const { guildId } = this.progress;
    const call = { guildId, action: 'read the roles of the server', needed: [] };
    const permissions = await this.calls.run(call, signal, () =>
      BotPermissions.read(this.parts.discord, guildId, signal),
    );
    if (permissions.isInGuild) return permissions;
    throw new DiscordApiInteractionError('Discord refused to create the channels: the bot is not in this guild');
  }

  private async overwritesIn(
    categoryId: string,
    permissions: BotPermissions,
    signal: AbortSignal,
  ): Promise<PermissionOverwrite[]> {
    const { discord, clock } = this.parts;
    const { guildId } = this.progress;
    const action = 'read the category of the counter panels';
    const call = { guildId, channelId: categoryId, action, needed: ['ViewChannel'] as const };
    return this.calls.run(call, signal, async () => {
      const category = await discord.channels.get({ guildId, channelId: categoryId }, signal);
      const bot = await discord.users.self(signal);
      return lockedIn({ guildId, botId: bot.id, botPermissions: permissions.inGuild(clock.now()), category });
    });
  }

  private async begin(panels: readonly ChannelToCreate[], categoryId: string): Promise<void> {
    const creations = await this.parts.database.write((manager) =>
      beginCreations(manager, {
        guildId: this.progress.guildId,
        categoryId,
        channelNames: panels.map(({ name }) => name),
        deadAfterMs: ABANDONED_AFTER_MS,
      }),
    );
    this.progress.creations = creations.map((creation, index) => ({
      wanted: panels[index]!,
      creation,
      state: 'not requested',
    }));
  }

  private async createOne(
    panel: PanelCreation,
    overwrites: readonly PermissionOverwrite[],
    signal: AbortSignal,
  ): Promise<void> {
    const { discord, database } = this.parts;
    const { guildId, categoryId, channelName: name } = panel.creation;
    const action = `create the channel ${JSON.stringify(name)}`;
    const call = { guildId, channelId: categoryId, action, needed: TO_CREATE_LOCKED };
    await this.calls.run(call, signal, async () => {
      panel.state = 'requested';
      try {
        const created = { guildId, name, parentId: categoryId, overwrites };
        const channel = await discord.channels.createVoice(created, signal);
        panel.creation.channelId = channel.id;
        panel.state = 'created';
      } catch (error) {
        if (error instanceof DiscordError && !error.mayHaveBeenDone) panel.state = 'refused';
        throw error;
      }
    });
    await database.write((manager) => saveCreatedChannel(manager, panel.creation));
  }
}

function requireRoles(panels: readonly ChannelToCreate[], permissions: BotPermissions): void {
  const roleIds = panels.flatMap(({ roleId }) => roleId ?? []);
  const unknown = new Set(roleIds.filter((roleId) => !permissions.hasRole(roleId)));
  if (unknown.size === 0) return;
  const message = `contains roles that this guild does not have: ${[...unknown].slice(0, MAX_LISTED_IDS).join(', ')}`;
  throw new BadRequestError([{ field: 'counter_panel_custom_panels_create', message }]);
}
