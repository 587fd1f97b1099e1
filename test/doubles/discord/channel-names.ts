import { invalidField } from './refusal.js';

const VERBATIM = [2, 4, 13];

/** Voice channels, stages and categories keep their name except for surrounding whitespace. @throws Refusal 50035 */
export function channelName(type: number, name: string): string {
  const trimmed = name.trim();
  if (trimmed === '') throw invalidField(['name'], 'BASE_TYPE_REQUIRED', 'This field is required');
  return VERBATIM.includes(type) ? trimmed : trimmed.toLowerCase().replaceAll(/\s+/g, '-');
}
