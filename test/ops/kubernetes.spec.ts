import { spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { loadIngestionConfig, loadMigrateConfig, loadQueryConfig } from '#libs/config';
import { QUEUES } from '#libs/contracts';
import { type Container, manifestFiles, Manifests, readExampleSecret } from './manifests.js';
import { knownVariables } from './operators-files.js';

const PROGRAMS = ['migrate', 'query', 'ingestion'];
const SERVICES = ['query', 'ingestion'];
const DRAIN_SECONDS = 15;
/** `max_connections` of a Postgres that nobody has configured, less those that it reserves for superusers. */
const POSTGRES_CONNECTIONS = 100 - 3;
const KEY = '0123456789abcdef0123456789abcdef';
/** For the manifests' own placeholder, which a service refuses. */
const WITH_KEY = { SERVICE_KEY: KEY };

describe('ops/kubernetes', () => {
  let manifests: Manifests;
  let secret: Awaited<ReturnType<typeof readExampleSecret>>;

  beforeAll(async () => {
    [manifests, secret] = await Promise.all([Manifests.read(), readExampleSecret()]);
  });

  const containerOf = (name: string): Container => manifests.pods.find(([pod]) => pod === name)![1].spec.containers[0];
  /** As the container gets it from the ConfigMap and the example of the Secret. */
  const environmentOf = (name: string) => {
    const { env, envFrom } = containerOf(name);
    const shared = envFrom.map(({ configMapRef }) => manifests.find('ConfigMap', configMapRef.name).data);
    const own = env.map(({ name: variable, value, valueFrom }) => [
      variable,
      value ?? { ...secret.optional, ...secret.required }[valueFrom!.secretKeyRef.key],
    ]);
    return Object.assign({}, ...shared, Object.fromEntries(own)) as Record<string, string>;
  };
  const labelsOf = (name: string) => manifests.find('Deployment', name).spec.template.metadata.labels;
  const portOf = (name: string) => containerOf(name).ports![0]!.containerPort;

  it('should run each program, and hold everything in one namespace', () => {
    expect(manifests.pods.map(([name]) => name).sort()).toEqual(PROGRAMS.toSorted());
    const { name } = manifests.ofKind('Namespace')[0]!.metadata;
    const others = manifests.all.filter(({ kind }) => kind !== 'Namespace');
    expect(others.filter(({ metadata }) => metadata.namespace !== name)).toEqual([]);
  });

  it('should apply every file but the example of the secret', async () => {
    for (const [directory, { resources = [] }] of manifests.kustomizations) {
      const files = (await manifestFiles(directory)).filter((file) => file !== 'secret.example.yaml');
      expect([directory, resources.toSorted()]).toEqual([directory, files.sort()]);
    }
    expect(manifests.all.map(({ kind }) => kind as string)).not.toContain('Secret');
  });

  it.each(PROGRAMS)('should set only variables that exist, for %s', async (name) => {
    const known = await knownVariables();
    expect(Object.keys(environmentOf(name)).filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it('should set every variable that a program needs, to values that it accepts', () => {
    const edited = { ...WITH_KEY, PUBLIC_URL: 'https://stats.example.org' };
    const query = loadQueryConfig({ ...environmentOf('query'), ...edited });
    expect(query).toMatchObject({
      http: { host: '0.0.0.0', port: portOf('query') },
      database: { migrations: 'manual' },
    });
    const ingestion = loadIngestionConfig(environmentOf('ingestion'));
    expect(ingestion).toMatchObject({ http: { port: portOf('ingestion') }, database: { migrations: 'manual' } });
    expect(loadMigrateConfig(environmentOf('migrate')).retention).toEqual(query.retention);
  });

  it('should have an example of the secret with which query does not start, and with all keys that are read', () => {
    expect(() => loadQueryConfig(environmentOf('query'))).toThrow(/SERVICE_KEY/);
    for (const [name, { spec }] of manifests.pods) {
      for (const { valueFrom } of spec.containers[0].env) {
        const { key, optional = false } = valueFrom!.secretKeyRef;
        expect([name, Object.keys(optional ? secret.optional : secret.required)]).toEqual([
          name,
          expect.arrayContaining([key]),
        ]);
      }
    }
  });

  it('should give a program only the secrets that it reads', () => {
    const secretsOf = (name: string) => containerOf(name).env.map((variable) => variable.name);
    expect(secretsOf('ingestion')).not.toContain('SERVICE_KEY');
    expect(secretsOf('migrate').sort()).toEqual(['DATABASE_MIGRATIONS_URL', 'DATABASE_URL']);
  });

  it('should run programs of the image, in the version of this repository', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const images = manifests.kustomizations.get('image')!.images!;
    expect(images).toMatchObject([{ newTag: version }]);
    for (const [name, { spec }] of manifests.pods) {
      expect(spec.containers[0]).toMatchObject({ image: images[0]!.name, command: ['node', `dist/${name}.js`] });
      await stat(`dist/${name}.js`);
    }
    for (const directory of ['migrate', 'services']) {
      expect(manifests.kustomizations.get(directory)!.components).toEqual(['../image']);
    }
    expect(await readFile('Dockerfile', 'utf8')).toMatch(/^COPY --from=build \/app\/dist\/\*\.js .* dist\/$/m);
  });

  it.each(SERVICES)('should probe routes that %s has, on its port', async (name) => {
    const controller = await readFile(`apps/${name}/src/health/health.controller.ts`, 'utf8');
    const paths = [...controller.matchAll(/^ {2}@Get\('(\w+)'\)$/gm)].map(([, path]) => `/${path}`);
    const { startupProbe, livenessProbe, readinessProbe, ports } = containerOf(name);
    const [port] = ports!;
    expect(startupProbe!.httpGet).toEqual({ path: '/livez', port: port!.name });
    expect(livenessProbe!.httpGet).toEqual({ path: '/livez', port: port!.name });
    expect(readinessProbe!.httpGet).toEqual({ path: '/readyz', port: port!.name });
    expect(paths).toEqual(expect.arrayContaining(['/livez', '/readyz']));
    const exposed = /^EXPOSE (.*)$/m.exec(await readFile('Dockerfile', 'utf8'))![1]!.split(' ');
    expect(exposed).toContain(String(port!.containerPort));
  });

  it.each(PROGRAMS)('should run %s read-only, without privileges, and not as root', (name) => {
    const { spec } = manifests.pods.find(([pod]) => pod === name)![1];
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    });
    const { securityContext, volumeMounts, resources } = spec.containers[0];
    const expected = { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    expect(securityContext).toEqual(expected);
    expect(volumeMounts).toEqual([{ name: spec.volumes[0]!.name, mountPath: '/tmp' }]);
    for (const amounts of [resources.requests, resources.limits]) {
      expect(Object.keys(amounts).sort()).toEqual(['cpu', 'memory']);
    }
  });

  it('should keep the variables of Kubernetes from replacing QUERY_PORT and INGESTION_PORT', () => {
    for (const [name, { spec }] of manifests.pods) expect([name, spec.enableServiceLinks]).toEqual([name, false]);
  });

  it.each(SERVICES)('should give %s more time to stop than it takes to drain', (name) => {
    const { spec } = manifests.find('Deployment', name).spec.template;
    const preStop = Number(spec.containers[0].lifecycle?.preStop.exec.command.at(-1) ?? 0);
    expect(spec.terminationGracePeriodSeconds! - preStop).toBeGreaterThan(DRAIN_SECONDS);
  });

  it.each(SERVICES)('should select the pods of %s and no others', (name) => {
    const { selector, template } = manifests.find('Deployment', name).spec;
    const labels = template.metadata.labels;
    expect(selector.matchLabels).toEqual(labels);
    expect(template.spec.topologySpreadConstraints!.map(({ labelSelector }) => labelSelector)).toEqual([
      { matchLabels: labels },
      { matchLabels: labels },
    ]);
    const service = manifests.find('Service', name).spec;
    expect(service).toMatchObject({ selector: labels, ports: [{ port: portOf(name), targetPort: 'http' }] });
    expect(manifests.find('PodDisruptionBudget', name).spec.selector.matchLabels).toEqual(labels);
    const policy = manifests.find('NetworkPolicy', name).spec;
    expect(policy).toMatchObject({ podSelector: { matchLabels: labels }, ingress: [{ ports: [{ port: 'http' }] }] });
    const others = manifests.pods.filter(([pod]) => pod !== name).map(([, pod]) => pod.metadata.labels);
    for (const other of others) expect(other).not.toEqual(labelsOf(name));
  });

  it('should let all machines reach the API, and only Prometheus the port of ingestion', () => {
    expect(manifests.find('NetworkPolicy', 'deny-ingress').spec).not.toHaveProperty('ingress');
    expect(manifests.find('NetworkPolicy', 'query').spec.ingress![0]).not.toHaveProperty('from');
    expect(manifests.find('NetworkPolicy', 'ingestion').spec.ingress![0]!.from).toHaveLength(1);
    expect(manifests.find('Service', 'ingestion').spec.clusterIP).toBe('None');
  });

  it('should scale query by CPU, and ingestion by a queue that exists', () => {
    const { spec: query } = manifests.find('HorizontalPodAutoscaler', 'query');
    expect(query.scaleTargetRef).toMatchObject({ kind: 'Deployment', name: 'query' });
    const { spec: ingestion } = manifests.find('ScaledObject', 'ingestion');
    expect(ingestion.scaleTargetRef).toMatchObject({ kind: 'Deployment', name: 'ingestion' });
    expect(ingestion.minReplicaCount).toBeGreaterThan(0);
    const [trigger] = ingestion.triggers;
    expect(trigger!.metadata.queueName).toBe(QUEUES.statistics);
    const { secretTargetRef } = manifests.find('TriggerAuthentication', trigger!.authenticationRef.name).spec;
    expect(secretTargetRef).toEqual([{ parameter: 'host', name: 'serverstats', key: 'RABBITMQ_URL' }]);
    expect(Object.keys(secret.required)).toContain('RABBITMQ_URL');
  });

  it('should fit into the connections of Postgres at its largest, during an upgrade', () => {
    const { poolSize } = loadIngestionConfig(environmentOf('ingestion')).database;
    const largest = {
      query: manifests.find('HorizontalPodAutoscaler', 'query').spec.maxReplicas,
      ingestion: manifests.find('ScaledObject', 'ingestion').spec.maxReplicaCount,
    };
    const surge = manifests.ofKind('Deployment').map(({ spec }) => spec.strategy.rollingUpdate.maxSurge);
    const instances = largest.query + largest.ingestion + surge.reduce((sum, count) => sum + count, 0);
    // A migration takes two.
    expect(instances * poolSize + 2).toBeLessThanOrEqual(POSTGRES_CONNECTIONS);
  });
});

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
if (!hasKubectl) process.stderr.write('SKIPPED: kubectl is not installed, so it does not build ops/kubernetes\n');
const describeWithKubectl = hasKubectl ? describe : describe.skip;

describeWithKubectl('kubectl', () => {
  it.each(['setup', 'migrate', 'services', 'autoscaling'])('should build ops/kubernetes/%s, with the image', (name) => {
    const built = spawnSync('kubectl', ['kustomize', `ops/kubernetes/${name}`], { encoding: 'utf8' });
    expect(built).toMatchObject({ status: 0, stderr: '' });
    const images = [...built.stdout.matchAll(/^ +(?:- )?image: (.*)$/gm)].map(([, image]) => image);
    expect(images.filter((image) => !/^registry\.example\.org\/serverstats:\d+\.\d+\.\d+$/.test(image!))).toEqual([]);
  });
});
