import { preferredFormat } from './requested-format.js';

describe('preferredFormat', () => {
  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'application/*',
    'text/*',
    'text/html',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'application/json, text/plain, */*',
    'text/csv;q=0',
    'text/csv;q=0, */*',
    'text/csv;q=2',
    'text/csv;q=x',
    'text/csv;q=0.5, application/json',
    'text/csv;q=0.5, */*',
    'application/json, text/csv',
    ',;, ;q=1',
  ])('should be JSON for %j', (accept) => {
    expect(preferredFormat(accept)).toBe('json');
  });

  it.each([
    'text/csv',
    'Text/CSV; header=present',
    'text/csv, application/json',
    'text/csv, */*',
    '*/*, text/csv',
    'application/json;q=0.9, text/csv',
    'text/csv;q=0.5',
    'text/csv; q=0.501, application/x-ndjson;q=0.5, */*;q=0.1',
    'application/json;q=0, text/csv;q=0.1, */*;q=0.9',
  ])('should be CSV for %j', (accept) => {
    expect(preferredFormat(accept)).toBe('csv');
  });

  it.each(['application/x-ndjson', 'text/csv;q=0.1,application/x-ndjson;q=0.2', 'application/x-ndjson, */*'])(
    'should be NDJSON for %j',
    (accept) => {
      expect(preferredFormat(accept)).toBe('ndjson');
    },
  );
});
