import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseUrlError, parseDatabaseUrl } from './database-url.js';

describe('parseDatabaseUrl', () => {
  let folder: string;
  let file: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'serverstats-url-'));
    file = join(folder, 'a.pem');
    writeFileSync(file, 'PEM');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, object]>([
    ['postgres://u:p@h/db', { hosts: [{ host: 'h', port: 5432 }], user: 'u', password: 'p', database: 'db' }],
    ['postgresql://h:6000', { hosts: [{ host: 'h', port: 6000 }], user: undefined, database: undefined }],
    ['postgres://u@/db?host=/run/pg', { hosts: [{ host: '/run/pg', port: 5432 }], user: 'u', database: 'db' }],
    ['postgres://%2Frun%2Fpg:6000/db', { hosts: [{ host: '/run/pg', port: 6000 }] }],
    ['postgres:///db', { hosts: [{ host: undefined, port: 5432 }], database: 'db' }],
    [
      'postgres://u:p%40%25%2Fx@[::1]:6000/d%20b',
      { hosts: [{ host: '::1', port: 6000 }], password: 'p@%/x', database: 'd b' },
    ],
    ['postgres://u:p@ss@h/db', { hosts: [{ host: 'h', port: 5432 }], password: 'p@ss' }],
    [
      'postgres://a:1,b:2/db',
      {
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
    [
      'postgres:///db?host=a,b&port=1',
      {
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 1 },
        ],
      },
    ],
    ['postgres://h/db?user=u&password=p&dbname=d', { user: 'u', password: 'p', database: 'd' }],
    ['postgres://h/db?target_session_attrs=read-write', { sessionAttributes: 'read-write' }],
    ['postgres://h/db?connect_timeout=1', { connectTimeoutMs: 2_000, sslMode: undefined, tls: undefined }],
    ['postgres://h/db?sslmode=disable', { sslMode: 'disable', tls: undefined }],
    ['postgres://h/db?sslmode=require', { tls: { rejectUnauthorized: false } }],
    ['postgres://h/db?sslrootcert=system', { sslMode: 'verify-full', tls: { ca: undefined } }],
  ])('should read %s', (url, target) => {
    expect(parseDatabaseUrl(url)).toMatchObject(target);
  });

  it('should read the TLS files, and check the host name only for verify-full', () => {
    const files = `sslrootcert=${file}&sslcert=${file}&sslkey=${file}&sslpassword=s`;
    const read = (mode: string) => parseDatabaseUrl(`postgres://h/db?sslmode=${mode}&${files}`).tls;
    const own = { cert: 'PEM', key: 'PEM', passphrase: 's' };
    expect(read('verify-full')).toEqual({ ca: 'PEM', ...own });
    for (const mode of ['verify-ca', 'require']) {
      expect(read(mode)).toEqual({ ca: 'PEM', ...own, checkServerIdentity: expect.any(Function) as () => undefined });
    }
    expect(read('prefer')).toEqual({ rejectUnauthorized: false, ...own });
  });

  it.each([
    ['postgres://u:50%@h/db', 'password is percent-encoded: write % as %25'],
    ['postgres://h/d%zz', 'database is percent-encoded'],
    ['postgres://h:port/db', 'hosts like host:5432'],
    ['postgres://h:70000/db', 'ports from 1 to 65535'],
    ['postgres:///db?host=a,b,c&port=1,2', 'as many ports as hosts'],
    ['postgres://h/db?sslmod=verify-full', '"sslmod" is not one'],
    ['postgres://h/db?sslmode=maybe', 'sslmode= being one of disable'],
    ['postgres://h/db?target_session_attrs=best', 'being one of any, read-write'],
    ['postgres://h/db?sslmode=require&sslrootcert=system', 'verify-full'],
    ['postgres://h/db?sslmode=verify-full&sslrootcert=/no/such/file', 'sslrootcert= to name a readable file'],
    ['mysql://h/db', 'a URL like postgres://'],
  ])('should reject %s with a reason', (url, why) => {
    expect(() => parseDatabaseUrl(url)).toThrow(DatabaseUrlError);
    expect(() => parseDatabaseUrl(url)).toThrow(why);
  });
});
