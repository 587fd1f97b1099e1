import { readGuildEvent } from './guild-event-reader.js';
import { parseLosslessJson } from '#libs/json';
import { StatisticsContract } from './statistics-contract.js';

const NO_OBJECT = { ok: false, fields: [{ field: 'body', message: 'must be a JSON object' }] };

describe('reading the fields of a body', () => {
  it.each(['null', 'true', '5', '5.0', '1e3', '9007199254740993', '"{}"', '[]'])('should refuse %s', (text) => {
    const body = parseLosslessJson(text);
    expect(readGuildEvent('counter_panel.refresh', body)).toEqual(NO_OBJECT);
    expect(new StatisticsContract().kind('reminder.created')!.read(body)).toEqual(NO_OBJECT);
  });

  it('should accept an empty object if no field is required', () => {
    expect(readGuildEvent('counter_panel.refresh', {})).toEqual({ ok: true, value: {} });
  });
});
