import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { createDataSource } from './data-source.js';
import { classifyDatabaseError, isConnectionFailure, isUnavailable, sqlState } from './database-errors.js';

const withCode = (code: string) => Object.assign(new Error('failed'), { code });
const wrapped = (error: Error) => new QueryFailedError('SELECT 1', [], error);

describe('isUnavailable', () => {
  it.each(['08006', '57P01', '53300', '53100', '25006', '28P01', '3D000', 'ECONNREFUSED'])(
    'should be true for %s',
    (code) => {
      expect(isUnavailable(withCode(code))).toBe(true);
      expect(isUnavailable(wrapped(withCode(code)))).toBe(true);
      expect(isUnavailable(new AggregateError([withCode(code)]))).toBe(true);
    },
  );

  it.each(['22001', '23505', '40P01', '42P01', '42501', '53200', '57014', 'ERR_ASSERTION'])(
    'should be false for %s',
    (code) => {
      expect(isUnavailable(withCode(code))).toBe(false);
    },
  );
});

describe('classifyDatabaseError', () => {
  it.each(['22001', '22P02', '22003', '23502', '23505'])('should classify %s as an error of the data', (code) => {
    expect(classifyDatabaseError(withCode(code))).toBe('data');
    expect(classifyDatabaseError(wrapped(withCode(code)))).toBe('data');
  });

  it.each([
    ['a row without a partition', '23514'],
    ['a deadlock', '40P01'],
    ['a conflict', '40001'],
    ['a read-only server', '25006'],
    ['a lock table that is full', '53200'],
    ['too many connections', '53300'],
    ['a full disk', '53100'],
    ['a shutdown', '57P01'],
    ['a timeout', '57014'],
    ['a rejected password', '28P01'],
    ['a column that does not exist yet', '42703'],
    ['a missing privilege', '42501'],
    ['an error of a Citus shard without its SQLSTATE', 'XX000'],
    ['an unknown class', '0Z999'],
  ])('should classify %s as an outage', (_, code) => {
    expect(classifyDatabaseError(withCode(code))).toBe('outage');
    expect(classifyDatabaseError(wrapped(withCode(code)))).toBe('outage');
  });

  it.each([
    ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'EMFILE'],
    ...['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_SSL_WRONG_VERSION_NUMBER', 'CERT_HAS_EXPIRED'],
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ])('should classify %s as an outage without an SQLSTATE', (code) => {
    for (const error of [withCode(code), wrapped(withCode(code)), new AggregateError([withCode(code)])]) {
      expect(classifyDatabaseError(error)).toBe('outage');
      expect(isConnectionFailure(error)).toBe(true);
      expect(sqlState(error)).toBeUndefined();
    }
  });

  it.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
    'Cannot use a pool after calling end on the pool',
  ])('should classify "%s" as an outage', (message) => {
    expect(classifyDatabaseError(new Error(message))).toBe('outage');
    expect(classifyDatabaseError(wrapped(new Error(message)))).toBe('outage');
  });

  it('should classify a timeout, and a connection that is lost in a transaction, as an outage', () => {
    expect(classifyDatabaseError(AbortSignal.timeout(0).reason ?? new DOMException('', 'TimeoutError'))).toBe('outage');
    expect(classifyDatabaseError(new QueryRunnerAlreadyReleasedError())).toBe('outage');
  });

  it.each([
    ['a TypeError', new TypeError("Cannot read properties of undefined (reading 'guildId')")],
    ['a RangeError of a parameter', wrapped(new RangeError('Invalid time value'))],
    ['an error of Node', Object.assign(new TypeError('bad argument'), { code: 'ERR_INVALID_ARG_TYPE' })],
    ['an Error without a message', new Error('')],
    ['a thrown string', 'a text'],
    ['undefined', undefined],
  ])('should classify %s as unexpected', (_, error) => {
    expect(classifyDatabaseError(error)).toBe('unexpected');
  });
});

/** Uses the real driver, so that a new version of it cannot make an outage look like an error of the events. */
describe('a connection of the driver', () => {
  let server: Server;

  afterEach(() => server.close());

  const failureAt = async (behave: (server: Server) => void) => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    behave(server);
    const url = `postgres://u:p@127.0.0.1:${port}/db`;
    return createDataSource({ url, poolSize: 1, applicationName: 'errors-test' })
      .initialize()
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  };

  it.each<[string, (server: Server) => void]>([
    ['is refused', (closing) => closing.close()],
    ['is closed', (closing) => closing.on('connection', (socket) => socket.destroy())],
    ['is reset', (resetting) => resetting.on('connection', (socket) => socket.resetAndDestroy())],
    [
      'speaks another protocol',
      (other) => other.on('connection', (socket) => socket.resume().end('HTTP/1.1 400 Bad\r\n\r\n')),
    ],
  ])('should be an outage when it %s', async (_, behave) => {
    const error = await failureAt(behave);
    expect(error).toHaveProperty('message');
    expect(classifyDatabaseError(error)).toBe('outage');
  });
});
