import type { FieldError } from '#libs/contracts';
import { BadRequestError } from '../http/api-error.js';
import type { SettingsValues } from './settings-fields.js';

/** What settings must be as a whole. @throws BadRequestError naming every field that is missing */
export function checkRules(settings: Partial<SettingsValues>): void {
  const mistakes: FieldError[] = [];
  if (settings.counter_panel_enabled && settings.counter_panel_category_channel === null) {
    mistakes.push({
      field: 'counter_panel_category_channel',
      message: 'is needed while counter_panel_enabled is true',
    });
  }
  if (settings.starboard_enabled && settings.starboard_channel === null) {
    mistakes.push({ field: 'starboard_channel', message: 'is needed while starboard_enabled is true' });
  }
  if (settings.starboard_enabled && settings.starboard_count === null) {
    mistakes.push({ field: 'starboard_count', message: 'is needed while starboard_enabled is true' });
  }
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
}
