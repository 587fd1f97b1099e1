import { Field } from '../../forms/form-field.js';
import { instantText, wholeNumberText } from '../../forms/formats.js';
import { GuildForm } from '../../forms/guild.form.js';
import { MAX_DAYS, MAX_WINDOW_DAYS } from '../window.js';

/** The query string of `stats/collection`: a guild and a window, as that of a view. Times in Unix milliseconds. */
export class CollectionForm extends GuildForm {
  @Field(wholeNumberText(1, MAX_DAYS), {
    required: false,
    description: `The last days up to now; ${MAX_DAYS} when left out`,
  })
  days?: number;

  @Field(instantText, {
    required: false,
    description: `Instead of days: from this moment on, at most ${MAX_WINDOW_DAYS} days`,
  })
  from?: number;

  @Field(instantText, { required: false, description: 'With from: up to and without this moment; now when left out' })
  to?: number;
}
