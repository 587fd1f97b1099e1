import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConfigurationError,
  loadIngestionConfig,
  loadMigrateConfig,
  loadQueryConfig,
  loadStandaloneConfig,
  readEnvironment,
} from './index.js';

const COMPLETE = {
  DATABASE_URL: 'postgres://app:db-password@db:5432/stats?sslmode=require',
  RABBITMQ_URL: 'amqp://guest:mq-password@mq1, amqps://guest:mq-password@mq2:5671/vhost',
  SERVICE_KEY: 'k'.repeat(32),
};

function mistakesOf(load: () => unknown): Record<string, string> {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return Object.fromEntries(error.mistakes.map((mistake) => [mistake.variable, mistake.shownValue ?? 'not set']));
    }
    throw error;
  }
  return {};
}

describe('loadQueryConfig', () => {
  it('has defaults for everything except the three required variables', () => {
    expect(loadQueryConfig({ ...COMPLETE, LOG_FORMAT: 'json' })).toEqual({
      database: { url: COMPLETE.DATABASE_URL, poolSize: 10, migrations: 'auto' },
      retention: { eventDays: 62, summaryDays: 400 },
      rabbitmqUrls: ['amqp://guest:mq-password@mq1', 'amqps://guest:mq-password@mq2:5671/vhost'],
      serviceKeys: [COMPLETE.SERVICE_KEY],
      http: { host: '127.0.0.1', port: 3000 },
      discord: undefined,
      ownStatistics: { kinds: {}, switches: {} },
      corsOrigins: [],
      publicUrl: undefined,
      rateLimitPerMinute: 600,
      trustedProxies: [],
      log: { level: 'info', format: 'json' },
    });
  });

  it('reports all missing variables together', () => {
    expect(mistakesOf(() => loadQueryConfig({ DATABASE_URL: '' }))).toEqual({
      DATABASE_URL: 'not set',
      RABBITMQ_URL: 'not set',
      SERVICE_KEY: 'not set',
    });
  });

  it.each(['10x', 'NaN', '1e3', '-1', ' 5', '0x10', '5.0', '65536', '99999999999999999999'])(
    'rejects %j as a port',
    (value) => {
      expect(mistakesOf(() => loadQueryConfig({ ...COMPLETE, QUERY_PORT: value }))).toEqual({
        QUERY_PORT: JSON.stringify(value),
      });
    },
  );

  it('reports all mistakes with the actual and the expected value, one per line', () => {
    const load = () =>
      loadQueryConfig({ ...COMPLETE, LOG_LEVEL: 'loud', RETENTION_DAYS: '401', PUBLIC_URL: 'stats.example.org' });
    expect(load).toThrow(
      [
        'Invalid configuration:',
        '  PUBLIC_URL is "stats.example.org"; expected a URL like https://stats.example.org',
        '  RETENTION_DAYS is "401"; expected an integer from 1 to 400',
        '  LOG_LEVEL is "loud"; expected "trace" or "debug" or "info" or "warn" or "error" or "fatal" or "silent"',
      ].join('\n'),
    );
  });

  it.each([
    { SERVICE_KEY: 'hunter2' },
    { SERVICE_KEY: `hunter2,${'k'.repeat(32)}` },
    { SERVICE_KEY: `${'hunter2'.repeat(5)},` },
    { DISCORD_TOKEN: 'hunter2 hunter2' },
    { DISCORD_CLIENT_SECRET: 'hunter2 ' },
    { DATABASE_URL: 'mysql://app:hunter2@db/stats' },
    { DATABASE_URL: 'postgres://app:hunter2/x@db:port/stats' },
    { DATABASE_URL: 'postgres://app:hunter2' },
    { DATABASE_URL: 'app:hunter2@db' },
    { DATABASE_URL: 'postgres://db/stats?password=hunter2&sslmode=maybe' },
    { RABBITMQ_URL: 'amqp://a:hunter2@one,http://b:hunter2@two' },
    { RABBITMQ_URL: 'amqp://a:hunter2,hunter2@one:x' },
  ])('does not reveal the secret of %j', (env) => {
    expect(() => loadQueryConfig({ ...COMPLETE, ...env })).toThrow(ConfigurationError);
    expect(() => loadQueryConfig({ ...COMPLETE, ...env })).not.toThrow(/hunter2/);
  });

  it('reads two service keys, with or without spaces around the comma', () => {
    const [old, fresh] = ['o'.repeat(32), 'f'.repeat(40)];
    for (const SERVICE_KEY of [`${old},${fresh}`, ` ${old} , ${fresh} `]) {
      expect(loadQueryConfig({ ...COMPLETE, SERVICE_KEY }).serviceKeys).toEqual([old, fresh]);
    }
  });

  it('needs client id, client secret and public URL together for the login with Discord', () => {
    const login = {
      DISCORD_CLIENT_ID: '175928847299117063',
      DISCORD_CLIENT_SECRET: 'hunter2',
      PUBLIC_URL: 'https://a.example',
    };
    expect(loadQueryConfig({ ...COMPLETE, ...login }).discordLogin).toMatchObject({ clientSecret: 'hunter2' });
    expect(loadQueryConfig({ ...COMPLETE, PUBLIC_URL: 'https://a.example' }).discordLogin).toBeUndefined();
    expect(() => loadQueryConfig({ ...COMPLETE, DISCORD_CLIENT_SECRET: 'hunter2' })).toThrow(
      /DISCORD_CLIENT_SECRET is set; expected DISCORD_CLIENT_ID and PUBLIC_URL to be set too$/,
    );
    expect(() => loadQueryConfig({ ...COMPLETE, ...login, PUBLIC_URL: '' })).toThrow(
      /DISCORD_CLIENT_ID is set; expected PUBLIC_URL to be set too\n {2}DISCORD_CLIENT_SECRET is set; expected PUBLIC_URL/,
    );
  });

  const key = 'k'.repeat(32);
  it.each([
    ['short', /at least 32 characters \(printable ASCII\), or two such keys/],
    [`${key},short`, /at least 32 characters in the second key$/],
    [`${key},`, /at least 32 characters in the second key$/],
    [`,${key}`, /at least 32 characters in the first key$/],
    [`${'ü'.repeat(32)},short`, /only printable ASCII in the first key, and at least 32 characters in the second key$/],
    [`${key},${key}`, /two different keys$/],
    [`${key},${key}1,${key}2`, /one key, or two separated by a comma$/],
  ])('says what is wrong with the service key %j', (SERVICE_KEY, message) => {
    expect(() => loadQueryConfig({ ...COMPLETE, SERVICE_KEY })).toThrow(message);
  });

  it('reports an unencoded % in the passwords of all URLs together', () => {
    const env = { ...COMPLETE, DATABASE_URL: 'postgres://u:100%@db/stats', RABBITMQ_URL: 'amqp://u:100%@mq' };
    expect(() => loadQueryConfig(env)).toThrow(/DATABASE_URL .*write % as %25\n {2}RABBITMQ_URL .*write % as %25/);
  });

  it('reports that .env is a directory', () => {
    const folder = mkdtempSync(join(tmpdir(), 'serverstats-env-'));
    const back = process.cwd();
    try {
      mkdirSync(join(folder, '.env'));
      process.chdir(folder);
      expect(() => readEnvironment()).toThrow(ConfigurationError);
      expect(() => readEnvironment()).toThrow('.env is a directory; expected a file');
    } finally {
      process.chdir(back);
      rmSync(folder, { recursive: true });
    }
  });

  it('shows a URL without its password', () => {
    expect(mistakesOf(() => loadQueryConfig({ ...COMPLETE, DATABASE_URL: 'mysql://app:pw@db:3306/stats' }))).toEqual({
      DATABASE_URL: '"mysql://***@db:3306/stats"',
    });
  });

  it('configures Discord only if there is a token', () => {
    const discord = { DISCORD_TOKEN: 'the-token', DISCORD_API_URL: 'http://127.0.0.1:4000/api' };
    expect(loadQueryConfig({ ...COMPLETE, ...discord }).discord).toEqual({
      token: 'the-token',
      apiUrl: 'http://127.0.0.1:4000/api',
    });
    const { DISCORD_TOKEN: _, ...withoutToken } = discord;
    expect(loadQueryConfig({ ...COMPLETE, ...withoutToken }).discord).toBeUndefined();
  });

  it('accepts several origins, each exactly as browsers send it', () => {
    const load = (CORS_ORIGINS: string) => loadQueryConfig({ ...COMPLETE, CORS_ORIGINS });
    expect(load('https://stats.example.org, http://localhost:8080').corsOrigins).toEqual([
      'https://stats.example.org',
      'http://localhost:8080',
    ]);
    for (const wrong of ['*', 'null', 'https://a.example/', 'https://A.example', 'https://a.example:443', 'a.example'])
      expect(mistakesOf(() => load(wrong))).toEqual({ CORS_ORIGINS: JSON.stringify(wrong) });
    for (const wrong of ['ftp://a.example', 'https://a.example,', 'https://a.example,*'])
      expect(() => load(wrong)).toThrow('CORS_ORIGINS');
  });

  it('accepts addresses and networks of proxies', () => {
    const load = (TRUSTED_PROXIES: string) => loadQueryConfig({ ...COMPLETE, TRUSTED_PROXIES });
    expect(load('127.0.0.1, 10.0.0.0/8,fd00::/8').trustedProxies).toEqual(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
    for (const wrong of ['loadbalancer', '10.0.0.0/33', '127.0.0.1,', '*']) {
      expect(mistakesOf(() => load(wrong))).toEqual({ TRUSTED_PROXIES: JSON.stringify(wrong) });
    }
  });

  it('does not need a broker if the caller provides another handover', () => {
    const { RABBITMQ_URL: _, ...env } = COMPLETE;
    expect(loadQueryConfig(env, { withoutBroker: true }).rabbitmqUrls).toEqual([]);
  });
});

describe('loadIngestionConfig', () => {
  it('rejects a prefetch below two batches', () => {
    expect(mistakesOf(() => loadIngestionConfig({ ...COMPLETE, INGESTION_PREFETCH: '7999' }))).toEqual({
      INGESTION_PREFETCH: '"7999"',
    });
    expect(loadIngestionConfig({ ...COMPLETE, INGESTION_PREFETCH: '8000' }).batch).toEqual({
      prefetch: 8_000,
      size: 4_000,
      maxAgeMs: 50,
    });
  });

  it('rejects a retention of totals that is shorter than that of events', () => {
    expect(mistakesOf(() => loadIngestionConfig({ ...COMPLETE, SUMMARY_RETENTION_DAYS: '61' }))).toEqual({
      SUMMARY_RETENTION_DAYS: '"61"',
    });
  });
});

describe('loadMigrateConfig', () => {
  it('needs only the database', () => {
    expect(loadMigrateConfig({ DATABASE_URL: COMPLETE.DATABASE_URL })).toEqual({
      databaseUrl: COMPLETE.DATABASE_URL,
      retention: { eventDays: 62, summaryDays: 400 },
    });
  });

  it('prefers DATABASE_MIGRATIONS_URL', () => {
    const elsewhere = 'postgres://owner@db.internal/statistics';
    const env = { DATABASE_URL: COMPLETE.DATABASE_URL, DATABASE_MIGRATIONS_URL: elsewhere };
    expect(loadMigrateConfig(env).databaseUrl).toBe(elsewhere);
    expect(loadIngestionConfig({ ...COMPLETE, ...env }).database.migrationsUrl).toBe(elsewhere);
  });
});

describe('loadStandaloneConfig', () => {
  it('needs no variables, but rejects invalid ones', () => {
    expect(loadStandaloneConfig({})).toMatchObject({ dataDir: '.serverstats', databaseUrl: undefined });
    expect(mistakesOf(() => loadStandaloneConfig({ SERVICE_KEY: 'short', HOST: 'a b' }))).toEqual({
      HOST: '"a b"',
      SERVICE_KEY: 'invalid (the value is secret)',
    });
  });
});
