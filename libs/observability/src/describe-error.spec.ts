import { describeError } from './describe-error.js';

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });

describe('describeError', () => {
  it('should list all distinct errors of an AggregateError', () => {
    const refused = ['::1', '127.0.0.1', '127.0.0.1'].map((at) => new Error(`connect ECONNREFUSED ${at}:5432`));
    expect(describeError(new AggregateError(refused))).toBe(
      'connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432',
    );
    expect(describeError(new AggregateError([new AggregateError(refused), new Error('x')], 'two hosts'))).toMatch(
      /^two hosts: connect .*; x$/,
    );
    expect(describeError(new AggregateError([]))).toBe('AggregateError');
  });

  it('should contain the SQLSTATE, also that of a wrapped error', () => {
    expect(describeError(withCode('deadlock detected', '40P01'))).toBe('deadlock detected (SQLSTATE 40P01)');
    const wrapped = Object.assign(new Error('out of shared memory'), { driverError: withCode('', '53200') });
    expect(describeError(wrapped)).toBe('out of shared memory (SQLSTATE 53200)');
    expect(describeError(withCode('write EPIPE', 'EPIPE'))).toBe('write EPIPE');
  });

  it('should include the whole chain of causes, and repeat nothing', () => {
    const refused = withCode('', 'ECONNREFUSED');
    const outer = new Error('the key was not read', { cause: new Error('no connection', { cause: refused }) });
    expect(describeError(outer)).toBe('the key was not read (cause: no connection (cause: ECONNREFUSED))');
    expect(describeError(new Error('not read: no answer', { cause: new Error('no answer') }))).toBe(
      'not read: no answer',
    );
    expect(describeError(new AggregateError([outer], 'all'))).toContain('all: the key was not read (cause: no conn');
    const own: Error & { cause?: unknown } = new Error('of itself');
    own.cause = own;
    expect(describeError(own)).toBe('of itself');
  });

  it('should keep credentials out of the line, also those of a cause', () => {
    const secrets = [
      'postgres://user:hunter2@host/db',
      'authorization: Bearer hunter2hunter2hunter2',
      'Bot hunter2.hunter2.hunter2_',
      'host=a password=hunter2 user=b',
    ];
    for (const text of secrets) {
      expect(describeError(new Error('failed', { cause: new Error(text) }))).not.toContain('hunter2');
    }
  });

  it('should not contain values from the database', () => {
    const refused = withCode('invalid input syntax for type bigint: "my secret"', '22P02');
    expect(describeError(refused)).toBe('the database refused a value (SQLSTATE 22P02)');
    expect(describeError(withCode('my secret is too old', 'P0001'))).not.toContain('secret');
    expect(describeError(new AggregateError([refused]))).not.toContain('secret');
  });

  it.each([
    [new Error('postgres://user:pass@host/db is\n  away'), 'postgres://***@host/db is away'],
    [withCode('', 'ECONNREFUSED'), 'ECONNREFUSED'],
    [new TypeError(''), 'TypeError'],
    ['', 'error without a message'],
  ])('should describe %p in one line', (error, line) => {
    expect(describeError(error)).toBe(line);
  });
});
