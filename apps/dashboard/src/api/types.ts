/** The answers of the API that the dashboard reads, as docs/openapi.json describes them. */

export interface Caller {
  principal: 'service' | 'guild' | 'member';
  user: { id: string; name: string } | null;
  guilds: CallerGuild[];
}

export interface CallerGuild {
  id: string;
  name: string | null;
  enabled: boolean;
}

export interface Kind {
  kind: string;
  title: string;
  view_path: string;
  summary_path: string;
  fields: { name: string; type: string }[];
  filters: string[];
  group_by: string[];
  measure: { field: string; unit: 'milliseconds' } | null;
  builtin: boolean;
}

/** In milliseconds. */
export interface Measures {
  avg: number;
  min: number;
  max: number;
  p50: number;
  p95: number;
  p99: number;
}

export interface Bucket {
  bucket: string;
  count: number;
  stats?: Measures | null;
}

export interface Summary {
  from: string;
  to: string;
  total: number;
  previous_total: number | null;
  series: Bucket[];
  groups: { key: string | null; count: number }[];
  stats?: Measures | null;
}

export interface Overview {
  from: string;
  to: string;
  kinds: KindTotal[];
}

export interface KindTotal {
  kind: string;
  enabled: boolean;
  total: number;
  previous_total: number | null;
}

export interface Collection {
  kinds: { kind: string; enabled: boolean; collected: { from: string; to: string }[] }[];
}

export interface Directory {
  guild: { id: string; name: string | null };
  channels: { id: string; name: string }[];
}

export interface User {
  id: string;
  name: string | null;
}

/** A record has the fields of its kind too. */
export interface EventRecord extends Record<string, unknown> {
  id: string;
  timestamp: string;
  user_id?: string | null;
}
