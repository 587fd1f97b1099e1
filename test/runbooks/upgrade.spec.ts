import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PrivateServers } from '../gate/private-servers.js';
import type { Fleet, Instance } from './fleet.js';
import { underLoad } from './under-load.js';

/**
 * A checkout of an earlier version, installed and built: `UPGRADE_FROM=../before npm run test:runbooks`. Without it,
 * the instances are replaced by others of this version.
 */
const OLD = process.env.UPGRADE_FROM;
const TEST_LIMIT_MS = 1_800_000;
const SERVERS_LIMIT_MS = 180_000;
/** What an instance stores before the next step begins. */
const SHARE = 300;

const MANUAL = { env: { DATABASE_MIGRATIONS: 'manual' } };

describe('an upgrade under load, with instances of both versions', () => {
  let servers: PrivateServers;

  beforeEach(async () => {
    servers = await PrivateServers.start();
  }, SERVERS_LIMIT_MS);
  afterEach(() => servers?.stop());

  /** @param migrate while only old instances run */
  const upgrade = async (title: string, migrate: (fleet: Fleet) => Promise<void>) => {
    const old = {} as Record<'ingestion' | 'query', Instance>;
    await underLoad(
      title,
      servers,
      async (fleet) => {
        old.ingestion = await fleet.add('ingestion', { checkout: OLD });
        old.query = await fleet.add('query', { checkout: OLD });
      },
      async (fleet) => {
        await fleet.untilStores(old.ingestion, SHARE);
        await migrate(fleet);
        await fleet.untilStores(old.ingestion, SHARE);
        const ingestion = await fleet.add('ingestion', MANUAL);
        await fleet.untilStores(ingestion, SHARE);
        await fleet.remove(old.ingestion);
        await fleet.add('query', MANUAL);
        await fleet.remove(old.query);
        await fleet.untilStores(ingestion, SHARE);
      },
    );
  };

  it(
    'should cause no error when npm run migrate is run first',
    () => upgrade('an upgrade after npm run migrate', () => runMigrate(servers.databaseUrl)),
    TEST_LIMIT_MS,
  );

  it(
    'should cause no error when the first new instance migrates',
    () => upgrade('an upgrade by the first new instance', async (fleet) => void (await fleet.add('ingestion'))),
    TEST_LIMIT_MS,
  );
});

async function runMigrate(databaseUrl: string): Promise<void> {
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl };
  const migrate = spawn(process.execPath, ['dist/migrate.js'], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(migrate, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`npm run migrate ended with ${code}`);
}
