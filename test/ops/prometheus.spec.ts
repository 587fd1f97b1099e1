import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENT_QUEUE_ARGUMENTS, QUEUES } from '#libs/contracts';
import { metricsIn, readAlertRules, readDashboardExpressions, readYaml } from './operators-files.js';

interface PrometheusConfig {
  scrape_configs: { job_name: string; authorization?: { credentials_file: string } }[];
}

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;
if (!hasPromtool) {
  process.stderr.write(
    'SKIPPED: ops/prometheus is not checked, because promtool is not installed (apt-get install prometheus)\n',
  );
}
const describeWithPromtool = hasPromtool ? describe : describe.skip;

describeWithPromtool('promtool', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'serverstats-prometheus-'));
    await cp('ops/prometheus', directory, { recursive: true });
  });
  afterAll(() => rm(directory, { recursive: true }));

  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: directory, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  it('should accept the configuration', async () => {
    const config = await readFile(join(directory, 'prometheus.yml'), 'utf8');
    const keyFile = join(directory, 'service-key');
    await writeFile(keyFile, 'key');
    const credentials = /(credentials_file: ).*/;
    expect(config).toMatch(credentials);
    await writeFile(join(directory, 'prometheus.yml'), config.replace(credentials, `$1${keyFile}`));
    const checked = promtool('check', 'config', 'prometheus.yml');
    expect(checked).toMatchObject({ status: 0, output: expect.stringContaining('1 rule files found') });
  });

  it('should accept the rules', () => {
    expect(promtool('check', 'rules', 'rules/serverstats.yml')).toMatchObject({ status: 0 });
  });

  it('should confirm that the alerts fire when they must, and only then', () => {
    expect(promtool('test', 'rules', 'tests/serverstats.test.yml')).toMatchObject({ status: 0 });
  });

  it('should accept the expressions of the dashboards', async () => {
    const expressions = await readDashboardExpressions();
    expect(expressions.length).toBeGreaterThan(30);
    const rules = expressions.map((expr, index) => ({ record: `panel_${index}`, expr }));
    // JSON is YAML.
    await writeFile(join(directory, 'panels.yml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    expect(promtool('check', 'rules', 'panels.yml')).toMatchObject({ status: 0 });
  });
});

describe('ops/prometheus', () => {
  it('should alert before a queue has reached its limit', async () => {
    const rule = (await readAlertRules()).find(({ alert }) => alert === 'ServerstatsQueueNearLimit')!;
    expect(rule.expr).toContain(` / ${EVENT_QUEUE_ARGUMENTS['x-max-length-bytes']} > 0.`);
    const pattern = /queue=~"([^"]+)"/.exec(rule.expr)![1]!.replaceAll('\\\\', '\\');
    for (const queue of Object.values(QUEUES)) expect(queue).toMatch(new RegExp(`^(?:${pattern})$`));
  });

  it('should send the service key only to the query service', async () => {
    const { scrape_configs: jobs } = await readYaml<PrometheusConfig>('ops/prometheus/prometheus.yml');
    const withKey = jobs.filter(({ authorization }) => authorization !== undefined).map(({ job_name: job }) => job);
    expect(withKey).toEqual(['serverstats-query']);
  });

  it('should have each alert documented, and no others', async () => {
    const documented = (await readFile('docs/operations.md', 'utf8')).matchAll(/^\| `((?:Serverstats|Rabbitmq)\w+)`/gm);
    const alerts = (await readAlertRules()).map(({ alert }) => alert);
    expect([...documented].map(([, alert]) => alert!).sort()).toEqual(alerts.sort());
  });
});

describe('metricsIn', () => {
  it.each([
    ['sum by (a, b) (rate(x_total{c="d_e", f=~"g"}[5m])) / sum(y) > 0.5', ['x_total', 'y']],
    ['a > 0 unless on (job) (b == bool 1 or absent(up{job="z"}))', ['a', 'b', 'up']],
    ['max by (queue) (\n  depth_bytes{queue=~"a\\\\.(b|c)"}\n) / 2147483648 > 0.7', ['depth_bytes']],
    ['topk(10, histogram_quantile(0.99, sum by (le) (rate(h_bucket[5m]))))', ['h_bucket']],
  ])('should find the metrics of %s', (expression, metrics) => {
    expect(metricsIn(expression)).toEqual(metrics);
  });
});
