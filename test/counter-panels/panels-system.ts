import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import pino from 'pino';
import { CounterTypes, StatisticsContract } from '#libs/contracts';
import { Database } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import { CounterPanelMetrics } from '../../apps/ingestion/src/counters/counter-panel.metrics.js';
import { CounterPanelWorker } from '../../apps/ingestion/src/counters/counter-panel-worker.service.js';
import { DiscordDouble, type PermissionName, type StoredChannel } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { setDatabaseTime } from '../harness/database-time.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

export const MINUTE_MS = 60_000;

const TABLES = [
  'guild_settings',
  'guild_snapshots',
  'counters',
  'counter_panel_channels',
  'counter_panel_refreshes',
  'counter_panel_creations',
];

const RETENTION = { eventDays: 62, summaryDays: 400 };

/** The deadlines of requests are longer than this. */
const SHORT_WAIT_MS = 5_000;

const CATEGORY = 4;
const VOICE = 2;

export interface GuildWithPanels {
  id: string;
  category: StoredChannel;
  members: StoredChannel;
  online: StoredChannel;
  boosts: StoredChannel;
}

/** Counter panel workers with their own database and Discord double. Tests move the clock, also that of the database. */
export class PanelsSystem {
  readonly workers: CounterPanelWorker[] = [];
  private readonly databases: Database[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly discord: DiscordDouble,
    readonly clock: ManualClock,
    private readonly ownsDatabase: boolean,
  ) {}

  static async create({ nowMs }: { nowMs?: number } = {}): Promise<PanelsSystem> {
    const clock = new ManualClock(nowMs);
    return new PanelsSystem(await createTestDatabase(), await DiscordDouble.start({ clock }), clock, true);
  }

  /** Uses the given database, and empties it first. */
  static async on(database: TestDatabase): Promise<PanelsSystem> {
    await database.query(TABLES.map((table) => `DELETE FROM ${table};`).join(' '));
    const clock = new ManualClock();
    return new PanelsSystem(database, await DiscordDouble.start({ clock }), clock, false);
  }

  /** Adds a worker with its own connections and client, like another instance. It only runs when a test calls it. */
  async addWorker({ apiUrl = this.discord.url } = {}): Promise<CounterPanelWorker> {
    const database = new Database({
      url: this.database.url,
      poolSize: 10,
      applicationName: 'test',
      migrations: 'manual',
      retention: RETENTION,
      onUnavailable: () => undefined,
    });
    await database.connected();
    setDatabaseTime(database.dataSource, this.clock);
    this.databases.push(database);
    const client = new DiscordClient({ token: this.discord.token, apiUrl, clock: this.clock });
    const worker = new CounterPanelWorker(
      database,
      new CounterTypes(),
      new StatisticsContract(),
      RETENTION,
      new CounterPanelMetrics(new Registry()),
      this.clock,
      pino({ level: 'silent' }),
      client,
    );
    this.workers.push(worker);
    return worker;
  }

  /** Adds a guild in Discord that is enabled and shows all three counts. */
  async addGuild(botPermissions?: readonly PermissionName[]): Promise<GuildWithPanels> {
    const { id } = this.discord.state.addGuild({ ...(botPermissions && { botPermissions }) });
    const category = this.discord.state.addChannel({ guildId: id, type: CATEGORY });
    const [members, online, boosts] = [0, 1, 2].map(() => this.addVoice(id, category.id)) as [
      StoredChannel,
      StoredChannel,
      StoredChannel,
    ];
    await this.database.query(
      `INSERT INTO guild_settings
         (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled,
          counter_panel_category_channel)
       VALUES ($1, true, now(), now(), '{}', true, false, $2)`,
      [id, category.id],
    );
    await this.database.query(
      `INSERT INTO counters (guild_id, channel_id, type, source)
       VALUES ($1, $2, 'members', 'setting'), ($1, $3, 'online', 'setting'), ($1, $4, 'boosts', 'setting')`,
      [id, members.id, online.id, boosts.id],
    );
    return { id, category, members, online, boosts };
  }

  addVoice(guildId: string, categoryId: string): StoredChannel {
    return this.discord.state.addChannel({ guildId, type: VOICE, parentId: categoryId });
  }

  /** Adds a custom panel, like a request that creates one. */
  async addPanel({ id, category }: GuildWithPanels, channelName: string, roleId: string): Promise<StoredChannel> {
    const channel = this.addVoice(id, category.id);
    await addCustomPanel(this.database, { guildId: id, channelId: channel.id, channelName, roleId });
    return channel;
  }

  /** Adds a counter of members, like a request that creates one. */
  async addMembersCounter({ id, category }: GuildWithPanels, format: string, goal: number): Promise<StoredChannel> {
    const channel = this.addVoice(id, category.id);
    await this.database.query(
      `INSERT INTO counters (guild_id, channel_id, type, source, format, goal, is_created)
       VALUES ($1, $2, 'members', 'counter', $3, $4, true)`,
      [id, channel.id, format, goal],
    );
    return channel;
  }

  /** Adds a snapshot that occurred now by the clock, or the given minutes earlier. */
  async addSnapshot(
    guildId: string,
    counts: { members?: number; online?: number; boosts?: number; roles?: Record<string, number> },
    minutesAgo = 0,
  ): Promise<void> {
    await this.database.query(
      `INSERT INTO guild_snapshots (guild_id, bucket, occurred_at, counts, online_role_member_counts)
       VALUES ($1, date_bin('15 minutes', $2::timestamptz, 'epoch'), $2, $3, $4)
       ON CONFLICT (guild_id, bucket) DO UPDATE SET occurred_at = excluded.occurred_at, counts = excluded.counts,
         online_role_member_counts = excluded.online_role_member_counts`,
      [
        guildId,
        new Date(this.clock.now() - minutesAgo * MINUTE_MS),
        { member_count: counts.members, online_member_count: counts.online, server_boost_count: counts.boosts },
        counts.roles ?? null,
      ],
    );
  }

  /** Refreshes these guilds at once, like `counter_panel.refresh`. */
  async refresh(...guildIds: string[]): Promise<void> {
    for (const guildId of guildIds) await this.workers[0]!.request(guildId);
    await this.workers[0]!.runDue();
  }

  /** Advances the clock in steps. In each step all workers look for work at the same time. */
  async pass(minutes: number, stepMs = MINUTE_MS): Promise<void> {
    for (let left = minutes * MINUTE_MS; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      await this.throughShortWaits(Promise.all(this.workers.map((worker) => worker.runDue())));
    }
  }

  /**
   * Makes waits of up to some seconds take that long in real time: a step takes no time on this clock, but the
   * library of the client counts requests per second of the real clock.
   */
  private async throughShortWaits(work: Promise<unknown>): Promise<void> {
    let isOver = false;
    const over = work.finally(() => (isOver = true));
    await waitFor(
      async () => {
        const shortest = Math.min(...this.clock.sleeping.filter((ms) => ms <= SHORT_WAIT_MS));
        if (shortest === Infinity) return isOver;
        await delay(shortest);
        this.clock.advance(shortest);
        return isOver;
      },
      { what: 'the step to end', timeoutMs: 60_000, intervalMs: 2 },
    );
    await over;
  }

  /** Advances the clock until the work ends, because requests to Discord have deadlines on this clock. */
  async untilSettled(work: Promise<unknown>): Promise<void> {
    let isOver = false;
    const over = work.finally(() => (isOver = true));
    await waitFor(
      () => {
        this.clock.advance(1_000);
        return isOver;
      },
      { what: 'the work to end' },
    );
    await over;
  }

  name(channel: StoredChannel): string | undefined {
    return this.discord.state.channels.get(channel.id)?.name;
  }

  async known(channel: StoredChannel): Promise<KnownChannel | undefined> {
    const [row] = await this.database.query<KnownChannel>(
      'SELECT shown_name, last_error, paused_until FROM counter_panel_channels WHERE channel_id = $1',
      [channel.id],
    );
    return row;
  }

  async settings(guildId: string): Promise<Record<string, unknown>> {
    const [row] = await this.database.query('SELECT * FROM guild_settings WHERE guild_id = $1', [guildId]);
    return row as Record<string, unknown>;
  }

  /** The channel ids of the guild's counters by type. */
  async counters(guildId: string): Promise<Record<string, string>> {
    const rows = await this.database.query<{ type: string; channel_id: string }>(
      'SELECT type, channel_id FROM counters WHERE guild_id = $1',
      [guildId],
    );
    return Object.fromEntries(rows.map(({ type, channel_id }) => [type, channel_id]));
  }

  /** @throws Error if a request to Discord broke its rules */
  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.onApplicationShutdown()));
    await Promise.all(this.databases.map((database) => database.close()));
    await this.discord.close();
    if (this.ownsDatabase) await this.database.release();
    const { violations } = this.discord;
    if (violations.length > 0) throw new Error(`violations of Discord's rules:\n${violations.join('\n')}`);
  }
}

/** Adds a custom panel to a guild that has settings, like a request that creates one. */
export async function addCustomPanel(
  database: Pick<TestDatabase, 'query'>,
  panel: { guildId: string; channelId: string; channelName: string; roleId: string },
): Promise<void> {
  await database.query(
    `INSERT INTO counters (guild_id, channel_id, type, source, channel_name, role_id)
     VALUES ($1, $2, 'online_with_role', 'panel', $3, $4)`,
    [panel.guildId, panel.channelId, panel.channelName, panel.roleId],
  );
}

interface KnownChannel {
  [column: string]: unknown;
  shown_name: string | null;
  last_error: string | null;
  paused_until: Date | null;
}
