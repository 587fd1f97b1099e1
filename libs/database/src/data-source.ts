import { DataSource } from 'typeorm';
import { ApiKey } from './entities/api-key.entity.js';
import { CounterPanel } from './entities/counter-panel.entity.js';
import { GuildSettings } from './entities/guild-settings.entity.js';
import { StarboardEntry } from './entities/starboard-entry.entity.js';
import { InitialSchema1764000000000 } from './migrations/1764000000000-initial-schema.js';
import { Rollups1764100000000 } from './migrations/1764100000000-rollups.js';
import { CollectionPeriods1764200000000 } from './migrations/1764200000000-collection-periods.js';
import { Erasures1764300000000 } from './migrations/1764300000000-erasures.js';
import { ApiKeys1764400000000 } from './migrations/1764400000000-api-keys.js';
import { Starboard1764500000000 } from './migrations/1764500000000-starboard.js';
import { CounterPanels1764600000000 } from './migrations/1764600000000-counter-panels.js';
import { UnreadCounts1764700000000 } from './migrations/1764700000000-unread-counts.js';
import { StarboardProblemActions1764800000000 } from './migrations/1764800000000-starboard-problem-actions.js';
import { StarboardLooks1765100000000 } from './migrations/1765100000000-starboard-looks.js';

export interface DatabaseOptions {
  /** `postgres://` URL; `?sslmode=` means what it means to libpq. */
  url: string;
  /** Connections this instance may hold. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** A data source that is not connected yet. Times are read and written in UTC; bigint comes as text. */
export function createDataSource(options: DatabaseOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url: withLibpqSslModes(options.url),
    applicationName: options.applicationName,
    poolSize: options.poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    entities: [GuildSettings, CounterPanel, StarboardEntry, ApiKey],
    migrations: [
      InitialSchema1764000000000,
      Rollups1764100000000,
      CollectionPeriods1764200000000,
      Erasures1764300000000,
      ApiKeys1764400000000,
      Starboard1764500000000,
      CounterPanels1764600000000,
      UnreadCounts1764700000000,
      StarboardProblemActions1764800000000,
      StarboardLooks1765100000000,
    ],
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    // Nothing here wants the uuid-ossp extension that TypeORM would create.
    installExtensions: false,
    extra: {
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      // A generic plan would lock every partition; compiling takes longer than any statement of ours.
      options: '-c timezone=UTC -c plan_cache_mode=force_custom_plan -c jit=off',
    },
  });
}

/** node-postgres verifies certificates under `sslmode=require` unless it is told to follow libpq. */
function withLibpqSslModes(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('sslmode') || parsed.searchParams.has('uselibpqcompat')) return url;
  parsed.searchParams.set('uselibpqcompat', 'true');
  return parsed.toString();
}
