import type { DataSource } from 'typeorm';
import type { RetentionConfig } from '#libs/config';
import type { CounterTypes, StatisticsContract } from '#libs/contracts';
import {
  afterRename,
  afterSuccess,
  earliestRename,
  endOfWait,
  isShown,
  RENAME_WINDOW_MS,
  withKnownCount,
  withRename,
  dropPanelChannels,
  refreshes,
  findPanelChannels,
  clearShownNames,
  savePanelChannels,
  type KnownCounter,
  type RefreshClaim,
  type PanelChannel,
  type ShownCounter,
} from '#libs/counters';
import {
  BotPermissions,
  DiscordError,
  TO_CHANGE_VOICE,
  type DiscordClient,
  type DiscordPermission,
} from '#libs/discord';
import type { Logger } from '#libs/observability';
import { forgetDeletedChannel } from '#libs/settings';
import type { Clock } from '#libs/timing';
import type { CounterPanelMetrics } from './counter-panel.metrics.js';
import { countStatistics } from './count-statistics.js';
import {
  currentCounts,
  lacksDiscordCount,
  lacksRoleName,
  needsRoles,
  shownBy,
  whyUnknown,
  type GuildFacts,
} from './guild-counts.js';
import { findGuildCounters, type GuildCounters } from './guild-counters.queries.js';
import { afterFailure, afterFailureOfAnother, afterUnread, concernsAll, endsRun } from './rename-failure.js';

export interface RefreshParts {
  dataSource: DataSource;
  discord: DiscordClient;
  types: CounterTypes;
  contract: StatisticsContract;
  retention: RetentionConfig;
  clock: Clock;
  metrics: CounterPanelMetrics;
  logger: Logger;
}

/** By channel id. */
type KnownChannels = ReadonlyMap<string, PanelChannel>;

/** A channel that has to be renamed now. */
interface Rename {
  before: PanelChannel;
  renamed: PanelChannel;
  shown: ShownCounter;
}

/** Something that Discord knows of a guild and that counters need. */
interface Reading {
  /** Completes the sentence "Discord could not …". */
  action: string;
  /** Whether a counter needs it. */
  isNeeded: (counter: KnownCounter, facts: GuildFacts) => boolean;
  /** Whether a counter cannot be shown without it. */
  isLacking: (counter: KnownCounter, facts: GuildFacts) => boolean;
  read: (discord: DiscordClient, guildId: string, signal: AbortSignal) => Promise<Partial<GuildFacts>>;
}

const READINGS: readonly Reading[] = [
  {
    action: 'read the counts of the server',
    isNeeded: lacksDiscordCount,
    isLacking: lacksDiscordCount,
    read: async (discord, guildId, signal) => ({ discord: await discord.guilds.get(guildId, signal) }),
  },
  {
    action: 'read the roles of the server',
    isNeeded: needsRoles,
    isLacking: lacksRoleName,
    read: async (discord, guildId, signal) => {
      const roles = await discord.guilds.roles(guildId, signal);
      return { roles: new Map(roles.map(({ id, name }) => [id, name])) };
    },
  },
];

/** Why the bot is not allowed to rename a channel. */
interface Missing {
  isInGuild: boolean;
  /** Undefined for a channel that the bot cannot see or that does not exist. */
  lacking?: readonly DiscordPermission[];
}

/** One refresh of the counters of one guild, under its claim. */
export class PanelRefresh {
  private permissions?: Promise<BotPermissions | undefined>;

  constructor(
    private readonly parts: RefreshParts,
    private readonly claim: RefreshClaim,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Renames the channels whose name has changed and that may be renamed now. Names use the current counts, so a channel
   * that had to wait gets the newest one.
   *
   * @returns milliseconds until the next refresh of the guild, if that may be before its regular time
   * @throws the database's error; Discord's errors are stored with their channels
   */
  async run(): Promise<number | undefined> {
    const { types, dataSource } = this.parts;
    const { manager } = dataSource;
    const guild = await findGuildCounters(manager, this.claim.guildId, types);
    const known = await findPanelChannels(manager, this.claim.guildId);
    await this.dropUnused(guild?.counters ?? [], known);
    if (guild === undefined) {
      // People may rename the channels before the counters are switched on again.
      await clearShownNames(manager, this.claim.guildId);
      await refreshes.drop(manager, this.claim);
      return undefined;
    }
    const { facts, unread } = await this.readFacts(guild, known);
    const { changed, waiting, renames } = this.plan(guild, known, facts, unread);
    if (!(await this.save([...changed, ...renames.map(({ renamed }) => renamed)]))) return undefined;
    const { after, untried } = await this.carryOut(renames, waiting);
    await this.save([...after, ...untried]);
    if (this.signal.aborted) return 0;
    // Failures without a time, such as an invalid token, are retried at the regular time.
    const failed = after.filter(({ limitedUntil, pausedUntil }) => limitedUntil !== null || pausedUntil !== null);
    const later = [...waiting, ...failed].map(earliestRename);
    return later.length === 0 ? undefined : Math.max(0, Math.min(...later) - this.parts.clock.now());
  }

  private plan({ counters, snapshot }: GuildCounters, known: KnownChannels, facts: GuildFacts, unread: KnownChannels) {
    const now = this.parts.clock.now();
    const plan = { changed: [...unread.values()], waiting: [] as PanelChannel[], renames: [] as Rename[] };
    for (const counter of counters) {
      const { channelId } = counter.counter;
      const before = unread.get(channelId) ?? known.get(channelId) ?? unknownChannel(this.claim.guildId, channelId);
      const shown = shownBy(counter, facts);
      if (shown === undefined) {
        const waits = READINGS.some(({ isLacking }) => isLacking(counter, facts)) && endOfWait(before) > now;
        if (waits) plan.waiting.push(before);
        if (waits || unread.has(channelId)) continue;
        const lastError = whyUnknown(counter, facts, snapshot, now);
        if (lastError !== before.lastError) plan.changed.push({ ...before, lastError });
      } else if (shown.name === before.shownName && isShown(before)) {
        const { value } = shown;
        if (before.lastError !== null) plan.changed.push({ ...afterSuccess(before), shownValue: value });
        else if (value !== before.shownValue) plan.changed.push({ ...before, shownValue: value });
      } else {
        const ready = withKnownCount(before);
        if (earliestRename(ready) > now) plan.waiting.push(ready);
        else plan.renames.push({ before: ready, renamed: withRename(ready, now), shown });
      }
    }
    return plan;
  }

  /**
   * Renames one channel after another, those with the fewest failures first, so that a failing channel delays no other.
   *
   * @returns the new states, and the channels that were not tried
   */
  private async carryOut(
    renames: readonly Rename[],
    waiting: readonly PanelChannel[],
  ): Promise<{ after: PanelChannel[]; untried: PanelChannel[] }> {
    const queue = renames.toSorted((a, b) => a.before.attempts - b.before.attempts);
    const after: PanelChannel[] = [];
    const untried = () => queue.map(({ before }) => before);
    while (queue.length > 0 && !this.signal.aborted) {
      const rename = queue.shift()!;
      const { channel, error } = await this.rename(rename, [...after, ...untried(), ...waiting]);
      if (channel) after.push(channel);
      if (error === undefined || !endsRun(error)) continue;
      if (!concernsAll(error)) break;
      after.push(...untried().map((before) => afterFailureOfAnother(before, channel!)));
      queue.length = 0;
    }
    return { after, untried: untried() };
  }

  private async rename(
    rename: Rename,
    others: readonly PanelChannel[],
  ): Promise<{ channel?: PanelChannel; error?: DiscordError }> {
    const { guildId } = this.claim;
    const { discord, clock, metrics } = this.parts;
    const { channelId } = rename.before;
    try {
      const known = this.permissions && (await this.findMissing(channelId));
      // A call that is known to fail would only count towards Discord's limit of refused requests.
      if (known?.lacking?.length) return { channel: this.forbidden(rename, known) };
      await discord.channels.rename({ guildId, channelId, name: rename.shown.name }, this.signal);
      metrics.countRename('renamed');
      return { channel: afterRename(rename.renamed, rename.shown, clock.now()) };
    } catch (error) {
      if (!(error instanceof DiscordError)) {
        if (this.signal.aborted) return { channel: rename.renamed };
        throw error;
      }
      metrics.countRename(error.kind);
      if (error.missingObject === 'channel') {
        await forgetDeletedChannel(this.parts.dataSource, guildId, channelId);
        return {};
      }
      const missing = error.kind === 'forbidden' ? await this.findMissing(channelId) : undefined;
      // Discord omits channels that the bot cannot see from its list.
      const lacking = missing && (missing.lacking ?? ['ViewChannel']);
      const { before: channel, renamed } = rename;
      const failed = { channel, renamed, error, lacking, isInGuild: missing?.isInGuild, others, nowMs: clock.now() };
      return { channel: afterFailure(failed), error };
    }
  }

  private forbidden({ before: channel, renamed }: Rename, missing: Missing): PanelChannel {
    const route = `PATCH /channels/${channel.channelId}`;
    const error = new DiscordError(`${route}: not asked`, { kind: 'forbidden', code: 50013 }, { route });
    return afterFailure({ channel, renamed, error, ...missing, nowMs: this.parts.clock.now() });
  }

  /** Undefined if the permissions cannot be read. They are read once for all channels of the guild. */
  private async findMissing(channelId: string): Promise<Missing | undefined> {
    const { discord, clock } = this.parts;
    this.permissions ??= BotPermissions.read(discord, this.claim.guildId, this.signal).catch(() => undefined);
    const permissions = await this.permissions;
    if (permissions === undefined) return undefined;
    const lacking = permissions.lackingInChannel(channelId, TO_CHANGE_VOICE, clock.now());
    return { isInGuild: permissions.isInGuild, lacking };
  }

  /**
   * Reads what the counters show. Discord is asked only for what a counter needs that is not in a pause after failures.
   *
   * @returns the facts, and the channels that lack something because Discord did not answer
   */
  private async readFacts(
    { counters, snapshot }: GuildCounters,
    known: KnownChannels,
  ): Promise<{ facts: GuildFacts; unread: KnownChannels }> {
    const { dataSource, discord, clock } = this.parts;
    const { guildId } = this.claim;
    const now = clock.now();
    const statistics = await countStatistics({ ...this.parts, manager: dataSource.manager }, guildId, counters, now);
    let facts: GuildFacts = { snapshot: currentCounts(snapshot, now), statistics };
    const unread = new Map<string, PanelChannel>();
    const channelOf = ({ counter: { channelId } }: KnownCounter) =>
      known.get(channelId) ?? unknownChannel(guildId, channelId);
    const ready = counters.filter((counter) => endOfWait(channelOf(counter)) <= now);
    for (const { action, isNeeded, isLacking, read } of READINGS) {
      const mayAsk = ready.filter(({ counter }) => !unread.has(counter.channelId));
      if (!mayAsk.some((counter) => isNeeded(counter, facts))) continue;
      try {
        facts = { ...facts, ...(await read(discord, guildId, this.signal)) };
      } catch (error) {
        if (!(error instanceof DiscordError)) throw error;
        const lacking = mayAsk.filter((counter) => isLacking(counter, facts)).map(channelOf);
        for (const channel of afterUnread(lacking, action, error, clock.now())) unread.set(channel.channelId, channel);
      }
    }
    return { facts, unread };
  }

  private async save(channels: readonly PanelChannel[]): Promise<boolean> {
    if (channels.length === 0) return true;
    return savePanelChannels(this.parts.dataSource.manager, this.claim, channels);
  }

  private async dropUnused(counters: readonly KnownCounter[], known: KnownChannels): Promise<void> {
    const shown = new Set(counters.map(({ counter }) => counter.channelId));
    const unused = [...known.keys()].filter((channelId) => !shown.has(channelId));
    if (unused.length === 0) return;
    const windowStart = new Date(this.parts.clock.now() - RENAME_WINDOW_MS);
    await dropPanelChannels(this.parts.dataSource.manager, this.claim.guildId, unused, windowStart);
  }
}

function unknownChannel(guildId: string, channelId: string): PanelChannel {
  return {
    guildId,
    channelId,
    shownName: null,
    shownValue: null,
    shownAt: null,
    lastRenamedAt: null,
    previouslyRenamedAt: null,
    limitedUntil: null,
    pausedUntil: null,
    countsUnread: false,
    attempts: 0,
    lastError: null,
  };
}
