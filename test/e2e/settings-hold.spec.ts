import { randomUUID } from 'node:crypto';
import type { ApiClient } from '../harness/api-client.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const ids = new SnowflakeSource(Date.now());

interface References {
  total: number;
  statistics: Record<string, number>;
  starboard: number;
}

describe('answered changes and erasures, while two instances store events', () => {
  let system: TestSystem;
  let api: ApiClient;
  let publisher: Publisher;
  let guild_id: string;
  let publishing: Promise<void>;
  let stopPublishing: () => void;
  let published = 0;
  const member = ids.next(500 * 86_400_000);

  beforeAll(async () => {
    system = await TestSystem.create();
    await Promise.all([system.startIngestion(), system.startIngestion()]);
    ({ api } = await system.startQuery());
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await system.close();
  });
  beforeEach(async () => {
    guild_id = ids.next(30 * 86_400_000);
    await api.openGuild(guild_id);
    let running = true;
    stopPublishing = () => (running = false);
    publishing = (async () => {
      while (running) {
        // Events from a second ago, which an erasure must reject.
        const occurred_at = new Date(Date.now() - 1_000).toISOString();
        const event = () => ({ guild_id, command: 'x', user_id: member, event_id: randomUUID(), occurred_at });
        published += 40;
        await Promise.all(Array.from({ length: 40 }, () => publisher.publish('command.used', event())));
      }
    })();
    await waitFor(async () => (await stored()) > 200, { what: 'events to be stored' });
  });
  afterEach(async () => {
    stopPublishing();
    await publishing;
  });

  const stored = () => system.count('statistic_events WHERE guild_id = $1', [guild_id]);
  const settled = async () => {
    stopPublishing();
    await publishing;
    await system.untilHandled(published);
  };

  it('should store nothing after POST disable was answered', async () => {
    expect((await api.send('POST', 'disable', { guild_id })).data).toEqual({ guild_id, enabled: false });
    const count = await stored();
    await settled();
    expect(await stored()).toBe(count);
  });

  it('should store nothing after a PATCH that turns the switch off was answered', async () => {
    await api.send('PATCH', 'settings', { guild_id, stats_command_usage: false });
    const count = await stored();
    await settled();
    expect(await stored()).toBe(count);
  });

  it('should leave nothing of a guild after DELETE settings was answered', async () => {
    expect((await api.send('DELETE', 'settings/delete', { guild_id })).status).toBe(200);
    expect(await stored()).toBe(0);
    await settled();
    expect(await stored()).toBe(0);
    expect((await api.send('DELETE', `settings/delete?guild_id=${guild_id}`)).status).toBe(200);
    expect((await api.get('status', { guild_id })).data).toEqual({ guild_id, enabled: false });
  });

  it('should leave no reference to an erased member, keep the count, and store later events as usual', async () => {
    const path = 'privacy/delete-user-entries';
    await system.database.query('INSERT INTO starboard_entries VALUES ($1, 5, 6, $2)', [guild_id, member]);
    const erased = await api.send<References>('DELETE', path, { guild_id, privacy_member_id: member });
    const count = await stored();
    expect(erased.data).toMatchObject({ starboard: 1, total: erased.data.statistics['command.used']! + 1 });
    expect(erased.data.statistics['command.used']).toBe(count);
    // The remaining events from before the erasure come first, then those from after it.
    await waitFor(async () => (await stored()) > count, { what: 'later events' });
    await settled();
    const references = await api.get<References>('privacy/get-user-entries', { guild_id, privacy_member_id: member });
    expect(references.data.statistics['command.used']).toBe((await stored()) - count);
    expect(references.data.starboard).toBe(0);
    const before = await system.count(
      `statistic_events e JOIN erasure_tombstones t USING (guild_id)
       WHERE e.guild_id = $1 AND e.occurred_at < t.before AND (e.user_id IS NOT NULL OR e.message_id IS NOT NULL)`,
      [guild_id],
    );
    expect(before).toBe(0);
  });
});
