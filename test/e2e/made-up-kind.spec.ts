import { randomUUID } from 'node:crypto';
import { loadIngestionConfig, loadQueryConfig } from '#libs/config';
import { CATALOGUE, StatisticsContract } from '#libs/contracts';
import { startIngestion } from '../../apps/ingestion/src/start-ingestion.js';
import { startQuery } from '../../apps/query/src/start-query.js';
import { ApiClient } from '../harness/api-client.js';
import { SERVICE_KEY } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

/** Adds one entry, as docs/adding-a-statistic.md describes. */
const CONTRACT = new StatisticsContract({
  ...CATALOGUE,
  'poll.voted': {
    number: 900,
    title: 'Somebody voted in a poll',
    recordPath: 'stats/polls/voted',
    viewPath: 'stats/polls/voted/view',
    switch: 'stats_command_usage',
    optionalUser: true,
    fields: { poll: 'label', channel_id: 'channel_id', seconds_taken: 'value' },
  },
});

it('should add a statistic with one entry in the catalogue: event, routes, storage and API documents', async () => {
  const system = await TestSystem.create();
  const env = {
    DATABASE_URL: system.database.url,
    RABBITMQ_URL: system.vhost.url,
    SERVICE_KEY,
    QUERY_PORT: '0',
    INGESTION_PORT: '0',
    LOG_LEVEL: 'fatal',
    LOG_FORMAT: 'json',
  };
  const ingestion = await startIngestion(loadIngestionConfig(env), { contract: CONTRACT });
  const query = await startQuery(loadQueryConfig(env), { contract: CONTRACT });
  try {
    for (const { url } of [ingestion, query]) {
      await waitFor(async () => (await fetch(`${url}/readyz`)).status === 200, { what: `${url} to be ready` });
    }
    const api = new ApiClient(query.url);
    const guild_id = '1234567890123456789';
    await api.openGuild(guild_id);
    const event = { guild_id, poll: 'tea or coffee', channel_id: '175928847299117063', seconds_taken: 1.5 };
    const posted = await waitFor(
      async () => {
        const answer = await api.send<{ event_id: string }>('POST', 'stats/polls/voted', event);
        return answer.status === 202 && answer;
      },
      { what: 'the POST to be accepted' },
    );
    const published = randomUUID();
    const publisher = await system.connectPublisher();
    await publisher.publish('poll.voted', { ...event, user_id: '42', event_id: published });
    await publisher.close();
    const records = await waitFor(
      async () => {
        const { data } = await api.get<{ id: string }[]>('stats/polls/voted/view', {
          guild_id,
          channel_id: event.channel_id,
        });
        return data.length === 2 && data;
      },
      { what: 'both records' },
    );
    expect(records).toEqual(
      expect.arrayContaining([
        { ...event, id: posted.data.event_id, user_id: null, timestamp: expect.any(String) },
        { ...event, id: published, user_id: '42', timestamp: expect.any(String) },
      ]),
    );
    const wrong = await api.send('POST', 'stats/polls/voted', { ...event, seconds_taken: -1 });
    expect(wrong).toMatchObject({ status: 400, error: { fields: [{ field: 'seconds_taken' }] } });
    const documented = (await (await fetch(`${query.url}/openapi.json`)).json()) as { paths: Record<string, unknown> };
    expect(Object.keys(documented.paths)).toEqual(
      expect.arrayContaining(['/modules/serverstats/stats/polls/voted', '/modules/serverstats/stats/polls/voted/view']),
    );
    const events = (await (await fetch(`${query.url}/asyncapi.json`)).json()) as { channels: Record<string, unknown> };
    expect(events.channels).toHaveProperty(['poll.voted', 'address'], 'poll.voted');
  } finally {
    await query.close();
    await ingestion.close();
    await system.close();
  }
});
