import { DataSource } from 'typeorm';
import { parseDatabaseUrl } from '#libs/config';
import { needsServerSelection, routesTo, serverSelectingClient } from './server-selection.js';
import { ApiKey } from './entities/api-key.entity.js';
import { BrowserSession } from './entities/browser-session.entity.js';
import { ChannelCreation } from './entities/channel-creation.entity.js';
import { CounterPanelChannel } from './entities/counter-panel-channel.entity.js';
import { Counter } from './entities/counter.entity.js';
import { GuildSettings } from './entities/guild-settings.entity.js';
import { StarboardEntry } from './entities/starboard-entry.entity.js';
import { StarboardProblem } from './entities/starboard-problem.entity.js';
import { InitialSchema1764000000000 } from './migrations/1764000000000-initial-schema.js';
import { Rollups1764100000000 } from './migrations/1764100000000-rollups.js';
import { CollectionPeriods1764200000000 } from './migrations/1764200000000-collection-periods.js';
import { Erasures1764300000000 } from './migrations/1764300000000-erasures.js';
import { ApiKeys1764400000000 } from './migrations/1764400000000-api-keys.js';
import { Starboard1764500000000 } from './migrations/1764500000000-starboard.js';
import { CounterPanels1764600000000 } from './migrations/1764600000000-counter-panels.js';
import { UnreadCounts1764700000000 } from './migrations/1764700000000-unread-counts.js';
import { StarboardProblemActions1764800000000 } from './migrations/1764800000000-starboard-problem-actions.js';
import { ErasureLeases1764900000000 } from './migrations/1764900000000-erasure-leases.js';
import { SessionPool } from './sessions/session-pool.js';
import type { SessionUse } from './sessions/session-settings.js';
import { StarboardLooks1765100000000 } from './migrations/1765100000000-starboard-looks.js';
import { StarboardOrigins1765200000000 } from './migrations/1765200000000-starboard-origins.js';
import { ReplyAuthors1765300000000 } from './migrations/1765300000000-reply-authors.js';
import { StarboardRefusals1765400000000 } from './migrations/1765400000000-starboard-refusals.js';
import { UnremovableChannels1765450000000 } from './migrations/1765450000000-unremovable-channels.js';
import { OneLease1765470000000 } from './migrations/1765470000000-one-lease.js';
import { Counters1765500000000 } from './migrations/1765500000000-counters.js';
import { ActorsAndClaims1765600000000 } from './migrations/1765600000000-actors-and-claims.js';
import { StatisticKinds1765700000000 } from './migrations/1765700000000-statistic-kinds.js';
import { SnapshotCounts1765800000000 } from './migrations/1765800000000-snapshot-counts.js';
import { SnapshotDays1765810000000 } from './migrations/1765810000000-snapshot-days.js';
import { CountersOfAnyKind1765900000000 } from './migrations/1765900000000-counters-of-any-kind.js';
import { BrowserSessions1766000000000 } from './migrations/1766000000000-browser-sessions.js';

export interface DatabaseOptions {
  /** A database URL in libpq's syntax. */
  url: string;
  /** Connections this instance may hold. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** @defaultValue service */
  sessionUse?: SessionUse;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** A data source that is not connected yet. Times are read and written in UTC; bigint is returned as text. */
export function createDataSource(options: DatabaseOptions): DataSource {
  const target = parseDatabaseUrl(options.url);
  const deadlineMs = target.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  return new DataSource({
    type: 'postgres',
    host: target.hosts[0]!.host,
    port: target.hosts[0]!.port,
    username: target.user,
    password: target.password,
    database: target.database,
    ssl: target.tls ?? (target.sslMode === 'disable' ? false : undefined),
    applicationName: options.applicationName,
    poolSize: options.poolSize,
    // The time includes the selection of a server.
    connectTimeoutMS: needsServerSelection(target) ? (2 * routesTo(target).length + 1) * deadlineMs : deadlineMs,
    entities: [
      GuildSettings,
      Counter,
      CounterPanelChannel,
      ChannelCreation,
      StarboardEntry,
      StarboardProblem,
      ApiKey,
      BrowserSession,
    ],
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
      ErasureLeases1764900000000,
      StarboardLooks1765100000000,
      StarboardOrigins1765200000000,
      ReplyAuthors1765300000000,
      StarboardRefusals1765400000000,
      UnremovableChannels1765450000000,
      OneLease1765470000000,
      Counters1765500000000,
      ActorsAndClaims1765600000000,
      StatisticKinds1765700000000,
      SnapshotCounts1765800000000,
      SnapshotDays1765810000000,
      CountersOfAnyKind1765900000000,
      BrowserSessions1766000000000,
    ],
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    // TypeORM would create the uuid-ossp extension, which is not used.
    installExtensions: false,
    driver: { Pool: SessionPool },
    extra: {
      ...(needsServerSelection(target) && { Client: serverSelectingClient(target, deadlineMs) }),
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      ...(target.options !== undefined && { options: target.options }),
      sessionUse: options.sessionUse ?? 'service',
    },
  });
}

/** A data source for migrations that is not connected yet. */
export function createMigratingDataSource(url: string): DataSource {
  return createDataSource({ url, poolSize: 3, applicationName: 'serverstats-migrate', sessionUse: 'migration' });
}

/** The numbers of used and idle connections of a data source, and of requests that wait for one. */
export function poolUseOf(dataSource: DataSource): { used: number; idle: number; waiting: number } {
  // Missing until the data source is initialized.
  const { master: pool } = dataSource.driver as unknown as { master?: SessionPool };
  if (pool === undefined) return { used: 0, idle: 0, waiting: 0 };
  return { used: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount };
}

/** Whether a connected data source connects through a pooler, where each transaction may run in another session. */
export function isBehindPooler(dataSource: DataSource): boolean {
  return (dataSource.driver as unknown as { master: SessionPool }).master.isBehindPooler;
}
