import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readYamlDocuments } from './operators-files.js';

const DIRECTORY = 'ops/kubernetes';
const KUSTOMIZATION = 'kustomization.yaml';

export type Labels = Record<string, string>;

interface Selector {
  matchLabels: Labels;
}

interface EnvironmentVariable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string; optional?: boolean } };
}

interface Probe {
  httpGet: { path: string; port: string };
}

export interface Container {
  name: string;
  image: string;
  command: string[];
  ports?: { name: string; containerPort: number }[];
  env: EnvironmentVariable[];
  envFrom: { configMapRef: { name: string } }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: object;
  volumeMounts: { name: string; mountPath: string }[];
}

interface PodTemplate {
  metadata: { labels: Labels };
  spec: {
    containers: [Container];
    enableServiceLinks?: boolean;
    terminationGracePeriodSeconds?: number;
    topologySpreadConstraints?: { labelSelector: Selector }[];
    volumes: { name: string; emptyDir?: object }[];
  };
}

interface Metadata {
  name: string;
  namespace?: string;
  labels?: Labels;
}

interface ScaleTarget {
  kind: string;
  name: string;
}

/** What the manifests have of each kind, as far as the tests read it. */
interface Kinds {
  Namespace: { metadata: Metadata };
  ConfigMap: { metadata: Metadata; data: Record<string, string> };
  Deployment: {
    metadata: Metadata;
    spec: { selector: Selector; strategy: { rollingUpdate: { maxSurge: number } }; template: PodTemplate };
  };
  Job: { metadata: Metadata; spec: { template: PodTemplate } };
  Service: {
    metadata: Metadata;
    spec: { clusterIP?: string; selector: Labels; ports: { port: number; targetPort: string }[] };
  };
  PodDisruptionBudget: { metadata: Metadata; spec: { selector: Selector } };
  NetworkPolicy: {
    metadata: Metadata;
    spec: { podSelector: Partial<Selector>; ingress?: { from?: object[]; ports: { port: string }[] }[] };
  };
  HorizontalPodAutoscaler: {
    metadata: Metadata;
    spec: { scaleTargetRef: ScaleTarget; minReplicas: number; maxReplicas: number };
  };
  ScaledObject: {
    metadata: Metadata;
    spec: {
      scaleTargetRef: ScaleTarget;
      minReplicaCount: number;
      maxReplicaCount: number;
      triggers: { metadata: { queueName: string }; authenticationRef: { name: string } }[];
    };
  };
  TriggerAuthentication: {
    metadata: Metadata;
    spec: { secretTargetRef: { parameter: string; name: string; key: string }[] };
  };
}

type Kind = keyof Kinds;
type Manifest = { [K in Kind]: { apiVersion: string; kind: K } & Kinds[K] }[Kind];

interface Kustomization {
  resources?: string[];
  components?: string[];
  images?: { name: string; newTag: string }[];
}

/** The manifests in ops/kubernetes that their kustomizations apply. */
export class Manifests {
  private constructor(
    /** The kustomizations by directory. */
    readonly kustomizations: ReadonlyMap<string, Kustomization>,
    readonly all: readonly Manifest[],
  ) {}

  static async read(): Promise<Manifests> {
    const kustomizations = new Map<string, Kustomization>();
    const all: Manifest[] = [];
    for (const directory of await readdir(DIRECTORY)) {
      const [kustomization] = await readYamlDocuments<Kustomization>(join(DIRECTORY, directory, KUSTOMIZATION));
      kustomizations.set(directory, kustomization!);
      for (const file of kustomization!.resources ?? []) {
        all.push(...(await readYamlDocuments<Manifest>(join(DIRECTORY, directory, file))));
      }
    }
    return new Manifests(kustomizations, all);
  }

  ofKind<K extends Kind>(kind: K): Kinds[K][] {
    return this.all.filter((manifest) => manifest.kind === kind) as unknown as Kinds[K][];
  }

  find<K extends Kind>(kind: K, name: string): Kinds[K] {
    const found = this.ofKind(kind).find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`there is no ${kind} with the name ${name}`);
    return found;
  }

  /** The pods of the deployments and the job by name. */
  get pods(): [name: string, pod: PodTemplate][] {
    const owners = [...this.ofKind('Deployment'), ...this.ofKind('Job')];
    return owners.map(({ metadata, spec }) => [metadata.name, spec.template]);
  }
}

/** The YAML files in a directory of ops/kubernetes, except for its kustomization. */
export async function manifestFiles(directory: string): Promise<string[]> {
  return (await readdir(join(DIRECTORY, directory))).filter((name) => name !== KUSTOMIZATION);
}

/** The example's values, also of the keys in comments, which are optional. */
export async function readExampleSecret(): Promise<{ required: Labels; optional: Labels }> {
  const text = await readFile(join(DIRECTORY, 'setup/secret.example.yaml'), 'utf8');
  const entries = (pattern: RegExp) =>
    Object.fromEntries([...text.matchAll(pattern)].map(([, key, value]) => [key!, value!.replace(/^'(.*)'$/, '$1')]));
  return { required: entries(/^ {2}([A-Z_]+): (.+)$/gm), optional: entries(/^ {2}# ([A-Z_]+): (.+)$/gm) };
}
