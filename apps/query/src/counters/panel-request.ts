import { deleteChannel, beginCreations, noteCreatedChannel } from '#libs/counters';
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
import type { DiscordWork } from '../settings/settings-part.js';
import type { PanelToCreate } from './custom-panels.js';
import type { PanelCreation, PanelProgress } from './panel-progress.js';
import type { PanelUndo } from './panel-undo.service.js';

/** When a request whose channels are not stored has certainly died. */
const DEAD_AFTER_MS = 120_000;
/** Of the ids that a message names. */
const MOST_NAMED = 5;

export interface PanelRequestParts {
  discord: DiscordClient;
  database: GuildDatabase;
  clock: Clock;
  panelUndo: PanelUndo;
}

export interface PanelOrder {
  guildId: string;
  /** Of the counters, when the request has done its work. */
  categoryId: string | null;
  creates: readonly PanelToCreate[];
  /** Channels of panels that go. */
  deletes: readonly string[];
  /** Of the request, for the log. */
  ids: LogIds;
}

/** Creates channels for the panels of one request, and deletes those of panels that go. */
export class PanelRequest implements DiscordWork {
  readonly progress: PanelProgress;
  private readonly calls: ExplainedCalls;

  constructor(
    private readonly parts: PanelRequestParts,
    private readonly order: PanelOrder,
  ) {
    this.calls = new ExplainedCalls(parts.discord, parts.clock);
    this.progress = { guildId: order.guildId, ids: order.ids, creations: [], deleted: new Set() };
  }

  get gone(): ReadonlySet<string> {
    return this.progress.deleted;
  }

  get categoryId(): string | null {
    return this.order.categoryId;
  }

  /**
   * @throws BadRequestError for roles that the guild does not have
   * @throws DiscordApiInteractionError when Discord refuses or does not answer, or the signal's reason
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

  private async create(panels: readonly PanelToCreate[], categoryId: string, signal: AbortSignal): Promise<void> {
    const permissions = await this.readPermissions(signal);
    requireRoles(panels, permissions);
    const overwrites = await this.overwritesIn(categoryId, permissions, signal);
    await this.begin(panels, categoryId);
    for (const creation of this.progress.creations) await this.createOne(creation, overwrites, signal);
  }

  private async delete(channelId: string, signal: AbortSignal): Promise<void> {
    const { guildId, deleted } = this.progress;
    const asked = { guildId, channelId, action: `delete the channel ${channelId}`, needed: TO_CHANGE_VOICE };
    await this.calls.run(asked, signal, () => deleteChannel(this.parts.discord, guildId, channelId, signal));
    deleted.add(channelId);
  }

  private async readPermissions(signal: AbortSignal): Promise<BotPermissions> {
    const { guildId } = this.progress;
    const asked = { guildId, action: 'read the roles of the server', needed: [] };
    const permissions = await this.calls.run(asked, signal, () =>
      BotPermissions.read(this.parts.discord, guildId, signal),
    );
    if (permissions.isInGuild) return permissions;
    throw new DiscordApiInteractionError(
      'Discord refused to create the channels: the bot is not in this guild (any more)',
    );
  }

  private async overwritesIn(
    categoryId: string,
    permissions: BotPermissions,
    signal: AbortSignal,
  ): Promise<PermissionOverwrite[]> {
    const { discord, clock } = this.parts;
    const { guildId } = this.progress;
    const action = 'read the category of the counter panels';
    const asked = { guildId, channelId: categoryId, action, needed: ['ViewChannel'] as const };
    return this.calls.run(asked, signal, async () => {
      const category = await discord.channels.get({ guildId, channelId: categoryId }, signal);
      const bot = await discord.users.self(signal);
      return lockedIn({ guildId, botId: bot.id, botPermissions: permissions.inGuild(clock.now()), category });
    });
  }

  private async begin(panels: readonly PanelToCreate[], categoryId: string): Promise<void> {
    const creations = await this.parts.database.write((manager) =>
      beginCreations(manager, {
        guildId: this.progress.guildId,
        categoryId,
        channelNames: panels.map(({ channel_name }) => channel_name),
        deadAfterMs: DEAD_AFTER_MS,
      }),
    );
    this.progress.creations = creations.map((creation, index) => ({
      panel: panels[index]!,
      creation,
      state: 'not asked',
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
    const asked = { guildId, channelId: categoryId, action, needed: TO_CREATE_LOCKED };
    await this.calls.run(asked, signal, async () => {
      panel.state = 'asked';
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
    await database.write((manager) => noteCreatedChannel(manager, panel.creation));
  }
}

function requireRoles(panels: readonly PanelToCreate[], permissions: BotPermissions): void {
  const unknown = new Set(panels.map(({ role_id }) => role_id).filter((roleId) => !permissions.hasRole(roleId)));
  if (unknown.size === 0) return;
  const message = `names roles that this guild does not have: ${[...unknown].slice(0, MOST_NAMED).join(', ')}`;
  throw new BadRequestError([{ field: 'counter_panel_custom_panels_create', message }]);
}
