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
import type { Clock } from '#libs/timing';
import type { GuildDatabase } from '../database/guild-database.js';
import { BadRequestError, DiscordApiInteractionError } from '../http/api-error.js';
import type { PanelToCreate } from '../settings/custom-panels.js';
import { unlistedChannels, wrongChannels, type NamedChannel } from './channel-checks.js';
import { ExplainedCalls } from './explained-calls.js';
import { findNamedChannel } from './named-channel.js';
import type { PanelCreation, PanelWork } from './panel-work.js';

/** When a request whose channels are not stored has certainly died. */
const DEAD_AFTER_MS = 120_000;
/** Of the ids that a message names. */
const MOST_NAMED = 5;

export interface PanelRequestParts {
  discord: DiscordClient;
  database: GuildDatabase;
  clock: Clock;
}

/**
 * What one request does in Discord. Every method throws DiscordApiInteractionError when Discord refuses or does not
 * answer, or the signal's reason.
 */
export class PanelRequest {
  private readonly calls: ExplainedCalls;

  constructor(
    private readonly parts: PanelRequestParts,
    /** Is kept up with what is done. */
    private readonly work: PanelWork,
    private readonly signal: AbortSignal,
  ) {
    this.calls = new ExplainedCalls(parts.discord, parts.clock);
  }

  /** @throws BadRequestError for channels that do not belong to the guild or the category */
  async check(named: readonly NamedChannel[], categoryId: string | null): Promise<void> {
    if (named.length === 0) return;
    const { discord } = this.parts;
    const { guildId } = this.work;
    const asked = { guildId, action: 'read the channels of the server', needed: [] };
    const mistakes = await this.calls.run(asked, this.signal, async () => {
      const listed = await discord.guilds.channels(guildId, this.signal);
      const find = (channelId: string) => findNamedChannel(discord, { guildId, channelId }, this.signal);
      const unlisted = await Promise.all(unlistedChannels(named, listed).map(find));
      return wrongChannels(named, [...listed, ...unlisted], categoryId);
    });
    if (mistakes.length > 0) throw new BadRequestError(mistakes);
  }

  /** Creates a locked channel for each panel. @throws BadRequestError for roles that the guild does not have */
  async create(panels: readonly PanelToCreate[], categoryId: string): Promise<void> {
    const permissions = await this.readPermissions();
    requireRoles(panels, permissions);
    const overwrites = await this.overwritesIn(categoryId, permissions);
    await this.begin(panels, categoryId);
    for (const creation of this.work.creations) await this.createOne(creation, overwrites);
  }

  async delete(channelId: string): Promise<void> {
    const { guildId, deleted } = this.work;
    const asked = { guildId, channelId, action: `delete the channel ${channelId}`, needed: TO_CHANGE_VOICE };
    await this.calls.run(asked, this.signal, () => deleteChannel(this.parts.discord, guildId, channelId, this.signal));
    deleted.add(channelId);
  }

  private async readPermissions(): Promise<BotPermissions> {
    const { guildId } = this.work;
    const asked = { guildId, action: 'read the roles of the server', needed: [] };
    const permissions = await this.calls.run(asked, this.signal, () =>
      BotPermissions.read(this.parts.discord, guildId, this.signal),
    );
    if (permissions.isInGuild) return permissions;
    throw new DiscordApiInteractionError(
      'Discord refused to create the channels: the bot is not in this guild (any more)',
    );
  }

  private async overwritesIn(categoryId: string, permissions: BotPermissions): Promise<PermissionOverwrite[]> {
    const { discord, clock } = this.parts;
    const { guildId } = this.work;
    const action = 'read the category of the counter panels';
    const asked = { guildId, channelId: categoryId, action, needed: ['ViewChannel'] as const };
    return this.calls.run(asked, this.signal, async () => {
      const category = await discord.channels.get({ guildId, channelId: categoryId }, this.signal);
      const bot = await discord.users.self(this.signal);
      return lockedIn({ guildId, botId: bot.id, botPermissions: permissions.inGuild(clock.now()), category });
    });
  }

  private async begin(panels: readonly PanelToCreate[], categoryId: string): Promise<void> {
    const creations = await this.parts.database.write((manager) =>
      beginCreations(manager, {
        guildId: this.work.guildId,
        categoryId,
        channelNames: panels.map(({ channel_name }) => channel_name),
        deadAfterMs: DEAD_AFTER_MS,
      }),
    );
    this.work.creations = creations.map((creation, index) => ({
      panel: panels[index]!,
      creation,
      state: 'not asked',
    }));
  }

  private async createOne(panel: PanelCreation, overwrites: readonly PermissionOverwrite[]): Promise<void> {
    const { discord, database } = this.parts;
    const { guildId, categoryId, channelName: name } = panel.creation;
    const action = `create the channel ${JSON.stringify(name)}`;
    const asked = { guildId, channelId: categoryId, action, needed: TO_CREATE_LOCKED };
    await this.calls.run(asked, this.signal, async () => {
      panel.state = 'asked';
      try {
        const created = { guildId, name, parentId: categoryId, overwrites };
        const channel = await discord.channels.createVoice(created, this.signal);
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
