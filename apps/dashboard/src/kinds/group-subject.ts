import type { Kind } from '../api/types.js';

/** What the keys of a grouping, or the values of a field, are. */
export type Subject = 'user' | 'channel' | 'text';

/** The types of fields that hold ids with names in the directory. */
const SUBJECTS: Readonly<Record<string, Subject>> = { user_id: 'user', actor_id: 'user', channel_id: 'channel' };

export function subjectOfField(type: string): Subject {
  return SUBJECTS[type] ?? 'text';
}

/** The subject of a value of `group_by`: `inviter` groups by the field `inviter_id`. */
export function subjectOfGroup({ fields }: Kind, group: string): Subject {
  if (group === 'user' || group === 'channel') return group;
  const field = fields.find(({ name }) => name === group || name === `${group}_id`);
  return field === undefined ? 'text' : subjectOfField(field.type);
}

/** Whether records have a `user_id` beside the fields of the kind. */
export function hasOptionalUser({ fields, filters }: Kind): boolean {
  return filters.includes('user_id') && !fields.some(({ type }) => type === 'user_id');
}
