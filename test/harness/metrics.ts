import { SERVICE_KEY } from './services.js';

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

interface MetricDescription {
  type: string;
  help: string;
}

/** The metrics of a service from `/metrics`. */
export class Metrics {
  /** The descriptions by name. */
  readonly descriptions = new Map<string, MetricDescription>();
  readonly samples: Sample[] = [];

  private constructor(readonly text: string) {
    const help = new Map<string, string>();
    for (const line of text.split('\n')) {
      const [, word, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
      if (word === 'HELP') help.set(name!, rest!);
      else if (word === 'TYPE') this.descriptions.set(name!, { type: rest!, help: help.get(name!) ?? '' });
      else if (line !== '') this.samples.push(sampleOf(line));
    }
  }

  static async of({ url }: { url: string }): Promise<Metrics> {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${SERVICE_KEY}` } });
    if (response.status !== 200) throw new Error(`/metrics answered ${response.status}`);
    return new Metrics(await response.text());
  }

  /** The sum of all series with this name and these labels. Undefined if there are none. */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.samples.filter((sample) => sample.name === name && hasLabels(sample, labels));
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** The label names of a metric, without `le`. */
  labelsOf(name: string): string[] {
    const series = this.samples.filter((sample) => sample.name.replace(/_(?:bucket|sum|count)$/, '') === name);
    const others = this.samples.filter((sample) => sample.name === name);
    const names = [...series, ...others].flatMap(({ labels }) => Object.keys(labels));
    return [...new Set(names)].filter((label) => label !== 'le').sort();
  }
}

function sampleOf(line: string): Sample {
  const [, name, labels = '', value] = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample of a metric: ${line}`);
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key!, text!] as const);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}

function hasLabels(sample: Sample, labels: Record<string, string>): boolean {
  return Object.entries(labels).every(([name, value]) => sample.labels[name] === value);
}
