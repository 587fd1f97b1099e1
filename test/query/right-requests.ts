import type { DocumentedRoute } from './documented-api.js';
import { rightValue } from './field-values.js';

/** JSON of a right body, but for the changes; an undefined one leaves the field out. */
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

/** The required fields of a query string, without one of them. */
export function rightSearch(route: DocumentedRoute, without?: string): string {
  return route.query
    .filter(({ name }) => name !== without && isNeeded(route, name))
    .map((field) => `${field.name}=${JSON.parse(rightValue(field)) as string}`)
    .join('&');
}

/** A DELETE may take a field from either place, so that neither documents it as required. */
export function isNeeded(route: DocumentedRoute, name: string): boolean {
  const isRequired = [...route.query, ...(route.body ?? [])].some((field) => field.name === name && field.required);
  if (isOfEveryGuild(route, name)) return false;
  return isRequired || (route.method === 'DELETE' && route.query.some((field) => field.name === name));
}

/** Left out, it means every guild of the member. */
function isOfEveryGuild({ path }: DocumentedRoute, name: string): boolean {
  return path.includes('/privacy/') && name === 'guild_id';
}

/** Values that are right only together, or only now. */
function specialValues(route: DocumentedRoute): Record<string, string> {
  if (route.method === 'PUT') return { counter_panel_enabled: 'false', starboard_enabled: 'false' };
  const hasMessage = route.path.endsWith('/message/check');
  return hasMessage ? { message_id: `"${(BigInt(Date.now()) - 1_420_070_400_000n) << 22n}"` } : {};
}
