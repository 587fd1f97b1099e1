import { Injectable, Optional } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CounterTypes, type CounterDefinition } from '#libs/contracts';
import {
  counterMistakes,
  counterName,
  findCreatedChannels,
  formatOf,
  requestRefresh,
  type CounterContent,
  type KnownCounter,
} from '#libs/counters';
import { Counter, PLAIN_COUNTER } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import type { LogIds } from '#libs/observability';
import { Clock } from '#libs/timing';
import { GuildDatabase } from '../database/guild-database.js';
import { DiscordWork } from '../discord/discord-work.service.js';
import { BadRequestError, DiscordApiInteractionError } from '../http/api-error.js';
import { CounterChecks } from './counter-checks.js';
import { findCounterFacts } from './counter-status.js';
import type { CounterAnswer, DeletedCounterAnswer } from './dto/counter-answers.dto.js';
import type { ChangeCounterRequest, CounterContentFields, CreateCounterRequest } from './dto/counter-requests.dto.js';
import { GuildCounters } from './guild-counters.js';
import { PanelRequest } from './panel-request.js';
import { PanelUndo } from './panel-undo.service.js';

const NO_TOKEN = 'Creating counters and deleting their channels requires DISCORD_TOKEN to be set';

/** Lists, creates, changes and deletes the counters of a guild. */
@Injectable()
export class CountersService {
  constructor(
    private readonly types: CounterTypes,
    private readonly database: GuildDatabase,
    private readonly discordWork: DiscordWork,
    private readonly panelUndo: PanelUndo,
    private readonly clock: Clock,
    @Optional() private readonly discord?: DiscordClient,
  ) {}

  /** Those of the settings first, in their order. @throws ModuleDisabledError */
  list(guildId: string): Promise<CounterAnswer[]> {
    return this.database.readSettings(async (manager) => {
      const guild = await GuildCounters.read(manager, guildId, this.types);
      const facts = await this.findFacts(manager, guild);
      return guild.counters.map((known) => guild.answer(known, facts));
    });
  }

  /**
   * Creates the channel, or checks the one to take over, and then stores the counter under the lock of the guild. If
   * that fails, what was created is deleted again.
   *
   * @throws ModuleDisabledError, BadRequestError
   * @throws DiscordApiInteractionError, or ServiceUnavailableError during shutdown; then nothing has changed
   */
  async create(request: CreateCounterRequest, ids: LogIds): Promise<CounterAnswer> {
    const { guild_id: guildId, type, channel_id: takenOver } = request;
    const definition = this.types.find(type)!; // the request was checked
    const content: CounterContent = {
      ...PLAIN_COUNTER,
      ...columnsOf(request),
      type,
      source: 'counter',
      isCreated: takenOver === undefined,
    };
    requireNoMistakes(content, definition);
    const before = await this.read(guildId);
    const categoryId = before.requireRoom(takenOver);
    const discord = this.requireDiscord();
    const checks = new CounterChecks(discord, this.clock, guildId);
    let task: PanelRequest | undefined;
    try {
      await this.discordWork.run(async (signal) => {
        const roleName = content.roleId === null ? undefined : await checks.requireRole(content.roleId, signal);
        if (takenOver !== undefined) return checks.requireChannel(takenOver, signal);
        await checks.requireRoomIn(categoryId, signal);
        const name = counterName(formatOf(content, definition), { counts: {}, goal: content.goal, roleName });
        const order = { guildId, categoryId, creates: [{ name, roleId: null }], deletes: [], ids };
        task = this.taskFor(discord, order);
        return task.run(signal);
      });
      return await this.database.change(guildId, async (manager) => {
        const guild = await GuildCounters.read(manager, guildId, this.types);
        if (guild.requireRoom(takenOver) !== categoryId && takenOver === undefined) throw categoryChanged();
        if (takenOver !== undefined) await requireKept(manager, guildId, takenOver);
        const [created] = (await task?.finish(manager)) ?? [];
        const channelId = takenOver ?? created!.creation.channelId!;
        await manager.getRepository(Counter).insert({ ...content, guildId, channelId });
        return this.refreshed(manager, guildId, channelId);
      });
    } catch (error) {
      await task?.undo(this.discordWork.stopSignal);
      throw error;
    }
  }

  /**
   * @throws ModuleDisabledError, NotFoundError, BadRequestError
   * @throws DiscordApiInteractionError if the role could not be checked
   */
  async change(channelId: string, request: ChangeCounterRequest): Promise<CounterAnswer> {
    const { guild_id: guildId, role_id: roleId } = request;
    const before = (await this.read(guildId)).changeable(channelId);
    requireNoMistakes({ ...before.counter, ...columnsOf(request) }, before.definition);
    const { discord } = this;
    if (discord !== undefined && roleId && roleId !== before.counter.roleId) {
      const checks = new CounterChecks(discord, this.clock, guildId);
      await this.discordWork.run((signal) => checks.requireRole(roleId, signal));
    }
    return this.database.change(guildId, async (manager) => {
      const { counter, definition } = (await GuildCounters.read(manager, guildId, this.types)).changeable(channelId);
      const columns = columnsOf(request);
      requireNoMistakes({ ...counter, ...columns }, definition);
      const { type } = counter;
      if (Object.keys(columns).length > 0) {
        await manager.getRepository(Counter).update({ guildId, channelId, type }, columns);
      }
      return this.refreshed(manager, guildId, channelId);
    });
  }

  /**
   * Deletes the channel if it was created for the counter, and then the counter.
   *
   * @throws ModuleDisabledError, NotFoundError, BadRequestError
   * @throws DiscordApiInteractionError, or ServiceUnavailableError during shutdown; then nothing has changed
   */
  async delete(guildId: string, channelId: string, ids: LogIds): Promise<DeletedCounterAnswer> {
    const { counter } = (await this.read(guildId)).changeable(channelId);
    let task: PanelRequest | undefined;
    try {
      if (counter.isCreated) {
        const order = { guildId, categoryId: null, creates: [], deletes: [channelId], ids };
        const deletion = this.taskFor(this.requireDiscord(), order);
        task = deletion;
        await this.discordWork.run((signal) => deletion.run(signal));
      }
      await this.database.change(guildId, async (manager) => {
        await manager.getRepository(Counter).delete({ guildId, channelId, source: 'counter' });
      });
    } catch (error) {
      await task?.undo(this.discordWork.stopSignal);
      throw error;
    }
    return { channel_id: channelId, deleted: true };
  }

  private read(guildId: string): Promise<GuildCounters> {
    return this.database.readSettings((manager) => GuildCounters.read(manager, guildId, this.types));
  }

  private findFacts(manager: EntityManager, { settings, counters }: GuildCounters) {
    return findCounterFacts(manager, { settings, counters, hasDiscord: this.discord !== undefined });
  }

  /** Requests a refresh of the guild, and answers the counter of the channel. */
  private async refreshed(manager: EntityManager, guildId: string, channelId: string): Promise<CounterAnswer> {
    await requestRefresh(manager, guildId);
    const guild = await GuildCounters.read(manager, guildId, this.types);
    const isOfChannel = ({ counter }: KnownCounter) => counter.channelId === channelId;
    return guild.answer(guild.counters.find(isOfChannel)!, await this.findFacts(manager, guild));
  }

  private requireDiscord(): DiscordClient {
    if (this.discord === undefined) throw new DiscordApiInteractionError(NO_TOKEN);
    return this.discord;
  }

  private taskFor(discord: DiscordClient, order: ConstructorParameters<typeof PanelRequest>[1]): PanelRequest {
    const { database, clock, panelUndo } = this;
    return new PanelRequest({ discord, database, clock, panelUndo }, order);
  }
}

/** The columns that a request sets. */
function columnsOf({ format, goal, role_id: roleId, statistic }: CounterContentFields): Partial<CounterContent> {
  return {
    ...(format !== undefined && { format }),
    ...(goal !== undefined && { goal }),
    ...(roleId !== undefined && { roleId }),
    ...(statistic !== undefined && { statisticKind: statistic?.kind ?? null, statisticDays: statistic?.days ?? null }),
  };
}

function requireNoMistakes(content: CounterContent, definition: CounterDefinition): void {
  const mistakes = counterMistakes(content, definition);
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
}

/** @throws BadRequestError for a channel that was created for a counter and is being deleted */
async function requireKept(manager: EntityManager, guildId: string, channelId: string): Promise<void> {
  if (!(await findCreatedChannels(manager, guildId)).includes(channelId)) return;
  throw new BadRequestError([{ field: 'channel_id', message: 'must not be a channel that is being deleted' }]);
}

function categoryChanged(): BadRequestError {
  const message = 'was changed by another request in the meantime';
  return new BadRequestError([{ field: 'counter_panel_category_channel', message }]);
}
