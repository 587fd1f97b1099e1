import type { DocumentedRoute } from './documented-api.js';
import { rightValue } from './field-values.js';

/** JSON of a valid body with these changes. An undefined value leaves the field out. */
export function rightBody(route: DocumentedRoute, changes: Record<string, string | undefined> = {}): string {
  const required = route.body!.filter(({ name }) => isNeeded(route, name));
  const values: Record<string, string | undefined> = {
    ...Object.fromEntries(required.map((field) => [field.name, rightValue(field)])),
    ...specialValues(route),
    ...changes,
  };
  const members = Object.entries(values).filter(([, value]) => value !== undefined);
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

/** A valid query string of the required fields, optionally without one of them. */
export function rightSearch(route: DocumentedRoute, without?: string): string {
  return route.query
    .filter(({ name }) => name !== without && isNeeded(route, name))
    .map((field) => `${field.name}=${JSON.parse(rightValue(field)) as string}`)
    .join('&');
}

/** Whether a field is needed. A DELETE takes it from body or query string, so neither documents it as required. */
export function isNeeded(route: DocumentedRoute, name: string): boolean {
  const isRequired = [...route.query, ...(route.body ?? [])].some((field) => field.name === name && field.required);
  if (isOfEveryGuild(route, name)) return false;
  return isRequired || (route.method === 'DELETE' && route.query.some((field) => field.name === name));
}

/** Without guild_id, the privacy routes cover every guild of the member. */
function isOfEveryGuild({ path }: DocumentedRoute, name: string): boolean {
  return path.includes('/privacy/') && name === 'guild_id';
}

/** Values that are valid only together, or only at this time. */
function specialValues(route: DocumentedRoute): Record<string, string> {
  if (route.method === 'PUT') return { counter_panel_enabled: 'false', starboard_enabled: 'false' };
  const hasMessage = route.path.endsWith('/message/check');
  return hasMessage ? { message_id: `"${(BigInt(Date.now()) - 1_420_070_400_000n) << 22n}"` } : {};
}
