import { integersInSql } from './array-literal.js';

describe('integersInSql', () => {
  it('should write integers as an array', () => {
    expect(integersInSql(['9223372036854775807', '0', -5])).toBe(`'{9223372036854775807,0,-5}'`);
    expect(integersInSql([])).toBe(`'{}'`);
  });

  it.each(["1'; DROP TABLE statistic_events; --", '1}', 'NULL', 'a', '1.5', '\\', '1\n2', NaN, Infinity])(
    'should reject %j',
    (value) => expect(() => integersInSql(['1', value])).toThrow('only integers'),
  );
});
