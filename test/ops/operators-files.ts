import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CORE_SCHEMA, load, loadAll, mergeTag } from 'js-yaml';

export interface AlertRule {
  alert: string;
  expr: string;
}

interface RuleFile {
  groups: { rules: AlertRule[] }[];
}

interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
  annotations: { list: { expr: string }[] };
}

const RULES = 'ops/prometheus/rules';
const DASHBOARDS = 'ops/grafana/dashboards';

/** docker compose supports merge keys (`<<`). */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

export async function readYaml<T>(path: string): Promise<T> {
  return load(await readFile(path, 'utf8'), { schema: SCHEMA }) as T;
}

/** A file with several documents, such as those of Kubernetes. */
export async function readYamlDocuments<T>(path: string): Promise<T[]> {
  return loadAll(await readFile(path, 'utf8'), { schema: CORE_SCHEMA }) as T[];
}

/** The names of all variables of the configuration. */
export async function knownVariables(): Promise<string[]> {
  const source = await readFile('libs/config/src/environment.dto.ts', 'utf8');
  return [...source.matchAll(/^ {2}([A-Z][A-Z_]+)\b/gm)].map(([, variable]) => variable!);
}

export async function readAlertRules(): Promise<AlertRule[]> {
  const files = await Promise.all((await readdir(RULES)).map((name) => readYaml<RuleFile>(join(RULES, name))));
  return files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}

/** Every PromQL expression of the dashboards, with a time in place of Grafana's variable. */
export async function readDashboardExpressions(): Promise<string[]> {
  const expressions: string[] = [];
  for (const name of await readdir(DASHBOARDS)) {
    const { panels, annotations } = JSON.parse(await readFile(join(DASHBOARDS, name), 'utf8')) as Dashboard;
    expressions.push(
      ...[...panels.flatMap(({ targets = [] }) => targets), ...annotations.list].map(({ expr }) => expr),
    );
  }
  return expressions.map((expr) => expr.replaceAll('$__rate_interval', '5m'));
}

/** Words in PromQL that are not metric names. */
const KEYWORDS = ['and', 'or', 'unless', 'bool'];

/** The names of the metrics in a PromQL expression. */
export function metricsIn(expression: string): string[] {
  const bare = expression
    .replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, '')
    .replace(/\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const names = [...bare.matchAll(/\b([a-zA-Z_][a-zA-Z0-9_:]*)\b(?!\s*\()/g)].map(([, name]) => name!);
  // In `sum by (…)`, no parenthesis follows the function directly.
  const functions = /^(?:sum|max|min|count|topk)$/;
  return [...new Set(names)].filter((name) => !KEYWORDS.includes(name) && !functions.test(name));
}
