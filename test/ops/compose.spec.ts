import { spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { loadIngestionConfig, loadMigrateConfig, loadQueryConfig } from '#libs/config';
import { knownVariables, readYaml } from './operators-files.js';

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  profiles?: string[];
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  depends_on?: Record<string, { condition: string }>;
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  healthcheck?: { test: string[] };
  stop_grace_period?: string;
  deploy?: { resources: { limits: { cpus: string; memory: string } } };
}

interface ComposeFile {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const PROGRAMS = ['migrate', 'query', 'ingestion'];
/** The only variable that a first start needs in `.env`. */
const DOT_ENV = { SERVICE_KEY: '0123456789abcdef0123456789abcdef' };

describe('docker-compose.yml', () => {
  let compose: ComposeFile;
  let services: [name: string, service: Service][];

  beforeAll(async () => {
    compose = await readYaml('docker-compose.yml');
    services = Object.entries(compose.services);
  });

  const environmentOf = (name: string) =>
    Object.fromEntries(
      Object.entries(compose.services[name]!.environment ?? {}).map(([key, value]) => [key, interpolate(value)]),
    );

  it('should have all services, and Prometheus and Grafana only in the profile observability', () => {
    const always = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    expect(always.sort()).toEqual(['ingestion', 'migrate', 'postgres', 'query', 'rabbitmq']);
    const observability = services.filter(([, { profiles }]) => profiles?.join() === 'observability');
    expect(observability.map(([name]) => name).sort()).toEqual(['grafana', 'prometheus']);
  });

  it.each(PROGRAMS)('should set only variables that exist, for %s', async (name) => {
    const known = await knownVariables();
    expect(known).toEqual(expect.arrayContaining(['DATABASE_URL', 'LOG_LEVEL']));
    expect(Object.keys(environmentOf(name)).filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it('should set every variable that a program needs, to values that it accepts', () => {
    expect(loadQueryConfig(environmentOf('query'))).toMatchObject({ http: { host: '0.0.0.0', port: 3000 } });
    expect(loadIngestionConfig(environmentOf('ingestion'))).toMatchObject({ http: { host: '0.0.0.0', port: 3001 } });
    expect(loadMigrateConfig(environmentOf('migrate')).retention).toEqual(
      loadQueryConfig(environmentOf('query')).retention,
    );
  });

  it('should migrate once, before the services start', () => {
    expect(compose.services.migrate).toMatchObject({ command: ['node', 'dist/migrate.js'], restart: 'no' });
    for (const name of ['query', 'ingestion']) {
      expect(compose.services[name]!.depends_on!.migrate).toEqual({ condition: 'service_completed_successfully' });
      expect(environmentOf(name).DATABASE_MIGRATIONS).toBe('manual');
    }
  });

  it('should allow several instances of ingestion: it has no host port, fixed name or volume that it writes to', () => {
    const { ingestion } = compose.services;
    expect(ingestion).not.toHaveProperty('ports');
    expect(ingestion).not.toHaveProperty('container_name');
    expect(ingestion).not.toHaveProperty('hostname');
    expect(ingestion!.volumes!.filter((volume) => !volume.endsWith(':ro'))).toEqual([]);
  });

  it('should pin every image by its minor version', async () => {
    const bases = [...(await readFile('Dockerfile', 'utf8')).matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
    const images = [...services.flatMap(([, { image }]) => image ?? []), ...bases];
    expect(images.filter((image) => !/:v?\d+\.\d+(?:\.\d+)?(?:-[a-z-]+)?$/.test(image))).toEqual([]);
    expect(images).toHaveLength(6);
  });

  it.each(PROGRAMS)('should run %s read-only, without capabilities, and not as root', async (name) => {
    const service = compose.services[name]!;
    expect(service).toMatchObject({ build: '.', read_only: true, cap_drop: ['ALL'], tmpfs: ['/tmp'] });
    const lastStage = (await readFile('Dockerfile', 'utf8')).split(/^FROM /m).at(-1)!;
    expect(lastStage).toMatch(/^USER node$/m);
  });

  it('should limit the resources of every service, and restart and check all that keep running', () => {
    for (const [name, service] of services) {
      const { cpus, memory } = service.deploy!.resources.limits;
      expect([name, Number(cpus) > 0, /^\d+[mg]$/.test(memory)]).toEqual([name, true, true]);
      if (name === 'migrate') continue;
      expect([name, service.restart]).toEqual([name, 'unless-stopped']);
      expect([name, service.healthcheck?.test.length]).toEqual([name, expect.any(Number)]);
    }
  });

  it('should give the programs more time to stop than they take to drain', () => {
    for (const name of ['query', 'ingestion']) expect(compose.services[name]!.stop_grace_period).toBe('20s');
  });

  it('should mount only volumes that are declared and files that exist', async () => {
    const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
    const files = sources.filter((source) => source.startsWith('./'));
    await Promise.all(files.map((file) => stat(file)));
    const named = new Set(sources.filter((source) => !files.includes(source)));
    expect([...named].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('should expose only the API to other machines', () => {
    const open = services.flatMap(([, { ports = [] }]) => ports.filter((port) => !port.startsWith('127.0.0.1:')));
    expect(open).toEqual(['${QUERY_PORT:-3000}:3000']);
  });
});

const DOCKER_COMPOSE = [['docker', 'compose'], ['docker-compose']].find(
  ([program, ...args]) => spawnSync(program!, [...args, 'version']).status === 0,
);
if (DOCKER_COMPOSE === undefined) {
  process.stderr.write('SKIPPED: docker compose is not installed, so it does not check docker-compose.yml\n');
}
const describeWithDockerCompose = DOCKER_COMPOSE === undefined ? describe.skip : describe;

describeWithDockerCompose('docker compose', () => {
  it('should accept docker-compose.yml with its profile', async () => {
    const [program, ...args] = DOCKER_COMPOSE!;
    const options = { encoding: 'utf8', env: { ...process.env, ...DOT_ENV } } as const;
    const config = spawnSync(program!, [...args, '--profile', 'observability', 'config', '--services'], options);
    const { services } = await readYaml<ComposeFile>('docker-compose.yml');
    expect(config).toMatchObject({ status: 0 });
    expect(config.stdout.trim().split('\n').sort()).toEqual(Object.keys(services).sort());
  });
});

/** Replaces variables as docker compose does, with those of `.env`. */
function interpolate(value: string): string {
  return value.replace(/\$\{(\w+)(?::(-|\?)([^}]*))?\}/g, (_, name: string, operator?: string, word = '') => {
    const given = (DOT_ENV as Record<string, string | undefined>)[name];
    if (given === undefined && operator === '?') throw new Error(`${name}: ${word}`);
    return given ?? (operator === '-' ? word : '');
  });
}
