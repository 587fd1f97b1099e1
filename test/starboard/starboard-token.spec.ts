import { randomUUID } from 'node:crypto';
import type { EventHandover } from '#libs/broker';
import { loadIngestionConfig } from '#libs/config';
import type { RunningService } from '#libs/observability';
import { startIngestionInProcess } from '../../apps/ingestion/src/start-ingestion.js';
import { DiscordDouble } from '../doubles/discord/index.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const MINUTE_MS = 60_000;

describe('the starboard, after Discord has refused the token once', () => {
  let database: TestDatabase;
  let discord: DiscordDouble;
  let clock: ManualClock;
  let ingestion: RunningService & { handover: EventHandover };

  beforeAll(async () => {
    database = await createTestDatabase();
    clock = new ManualClock(Date.now());
    discord = await DiscordDouble.start({ clock });
    const variables = {
      DATABASE_URL: database.url,
      INGESTION_PORT: '0',
      LOG_LEVEL: 'fatal',
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.url,
    };
    ingestion = await startIngestionInProcess(loadIngestionConfig(variables, { withoutBroker: true }), { clock });
  });
  afterAll(async () => {
    await ingestion?.close();
    await discord?.close();
    await database?.release();
  });

  /** Advances the clock in steps with real pauses between them: calls to Discord have a deadline on this clock. */
  const untilLater = (stepMs: number, condition: () => boolean, what: string) =>
    waitFor(
      () => {
        if (condition()) return true;
        clock.advance(stepMs);
        return false;
      },
      { what, intervalMs: 250, timeoutMs: 30_000 },
    );

  it('should recover by itself after some minutes, even if nothing requests readiness', async () => {
    const guild_id = discord.state.addGuild().id;
    const [channel, starboard] = [1, 2].map(() => discord.state.addChannel({ guildId: guild_id }));
    await database.query(
      `INSERT INTO guild_settings (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled,
         starboard_enabled, starboard_channel, starboard_count)
       VALUES ($1, true, now(), now(), '{}', false, true, $2, 1)`,
      [guild_id, starboard!.id],
    );
    const { id: message_id } = discord.state.addMessage({ channelId: channel!.id, content: 'x' });
    discord.state.addReaction(message_id);
    discord.faults.add({ kind: 'unauthorized' });
    await ingestion.handover.handOver({
      name: 'star.added',
      eventId: randomUUID(),
      occurredAt: Date.now(),
      body: { guild_id, channel_id: channel!.id, message_id },
    });
    const refusals = () => discord.requests.filter(({ status }) => status === 401).length;
    await untilLater(1_000, () => refusals() === 1, 'the refused token');
    const checks = () => discord.requestsOf('GET /users/@me').length;
    const before = checks();
    await untilLater(MINUTE_MS, () => checks() > before, 'the next check of the token');
    const isPosted = () => discord.state.messagesOf(starboard!.id).length === 1;
    await untilLater(1_000, isPosted, 'the post');
    expect(refusals()).toBe(1);
    discord.assertNoViolations();
  });
});
