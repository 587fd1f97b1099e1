import { PrivateServers } from '../gate/private-servers.js';
import type { Instance } from './fleet.js';
import { underLoad } from './under-load.js';

const TEST_LIMIT_MS = 1_800_000;
const SERVERS_LIMIT_MS = 180_000;
/** What an instance stores before the next step begins. */
const SHARE = 300;

describe('adding and removing instances under load', () => {
  let servers: PrivateServers;

  beforeAll(async () => {
    servers = await PrivateServers.start();
  }, SERVERS_LIMIT_MS);
  afterAll(() => servers?.stop());

  it(
    'should cause no error to a publisher, and lose and double nothing',
    async () => {
      const first = {} as Record<'ingestion' | 'query', Instance>;
      await underLoad(
        'adding and removing instances',
        servers,
        async (fleet) => {
          first.ingestion = await fleet.add('ingestion');
          first.query = await fleet.add('query');
        },
        async (fleet) => {
          await fleet.untilStores(first.ingestion, SHARE);
          const second = await fleet.add('ingestion');
          const third = await fleet.add('ingestion');
          await fleet.untilStores(second, SHARE);
          await fleet.untilStores(third, SHARE);
          const otherQuery = await fleet.add('query');
          await fleet.remove(first.ingestion);
          await fleet.remove(first.query);
          await fleet.untilStores(third, SHARE);
          await fleet.remove(second);
          await fleet.untilStores(third, SHARE);
          await fleet.add('query');
          await fleet.remove(otherQuery);
        },
      );
    },
    TEST_LIMIT_MS,
  );
});
