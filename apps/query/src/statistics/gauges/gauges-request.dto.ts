import { GAUGE_NAMES, type GaugeName } from '#libs/contracts';
import { IsInstantText, IsOneOf, IsWholeNumberText } from '../../requests/field.decorators.js';
import { GuildRequest } from '../../requests/guild-request.dto.js';
import { ReadAs } from '../../requests/read-as.decorator.js';
import { IsTimeZone } from '../summary/is-time-zone.decorator.js';
import { INTERVALS, type Interval } from '../summary/local-buckets.js';
import { MAX_DAYS, type WindowFields } from '../window/window.js';

/** The largest `SUMMARY_RETENTION_DAYS`. */
const MAX_GAUGE_DAYS = 4_000;

/** Names of gauges, separated by commas; read in the order of the catalogue. */
const IsGaugeList = () => {
  const name = `(${GAUGE_NAMES.join('|')})`;
  return ReadAs(
    {
      expected: `names of gauges, separated by commas: ${GAUGE_NAMES.join(', ')}`,
      schema: { type: 'string', pattern: `^${name}(,${name})*$`, examples: ['members,online'] },
      parse: parseGauges,
    },
    { optional: true, description: 'The names of the gauges, separated by commas. Defaults to all' },
  );
};

function parseGauges(value: unknown): GaugeName[] | undefined {
  if (typeof value !== 'string') return undefined;
  const names = new Set(value.split(','));
  const found = GAUGE_NAMES.filter((name) => names.delete(name));
  return names.size === 0 ? found : undefined;
}

/** The query string of gauges. The window may have any length. */
export class GaugesRequest extends GuildRequest implements WindowFields {
  @IsWholeNumberText(1, MAX_GAUGE_DAYS, {
    optional: true,
    description: `The number of days up to now. Defaults to ${MAX_DAYS}`,
  })
  days?: number;

  @IsInstantText({
    optional: true,
    description: 'The start of the window, instead of days. Snapshots are kept for SUMMARY_RETENTION_DAYS',
  })
  from?: number;

  @IsInstantText({ optional: true, description: 'The end of the window, exclusive. Requires from. Defaults to now' })
  to?: number;

  @IsOneOf(INTERVALS, { optional: true, description: 'The length of a bucket. Defaults to day' })
  interval?: Interval;

  @IsTimeZone({ optional: true, description: 'The time zone of the buckets. Defaults to UTC' })
  timezone?: string;

  @IsGaugeList()
  gauges?: GaugeName[];
}
