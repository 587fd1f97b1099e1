import { t } from '../texts/en.js';
import type { Kind } from '../api/types.js';

export interface KindName {
  label: string;
  /** A number of records, such as "1 message". */
  count: (count: number, number: string) => string;
}

/** The name of a kind. One that this file has no name for is called by its title. */
export function kindName({ kind, title }: Pick<Kind, 'kind' | 'title'>): KindName {
  const { label = title, one = t.records.one, many = t.records.many } = t.kinds[kind] ?? {};
  return { label, count: (count, number) => `${number} ${count === 1 ? one : many}` };
}

export function groupName(group: string): string {
  return t.groups[group] ?? asText(group);
}

export function fieldName(field: string): string {
  return t.fields[field] ?? asText(field);
}

/** For names that this file has no text for: `response_time_delay` becomes "Response time delay". */
function asText(name: string): string {
  return (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll('_', ' ');
}
