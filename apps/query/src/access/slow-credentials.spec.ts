import fastify from 'fastify';
import { AccessGuard } from './access.guard.js';
import type { Credentials } from './credentials.js';
import type { GuildPrincipal } from './principal.js';
import { Identification } from './identification.js';
import { identifyCallers } from './identify-callers.js';
import type { MemberProfiles } from './member-profiles.js';
import { RequestRates } from './request-rates.js';

const LIMIT = 5;
const GUILD: GuildPrincipal = { kind: 'guild', keyId: 'key', guildId: '1', access: 'read' };

/** Credentials whose lookups return when `answer()` is called. */
class DelayedCredentials {
  private readonly waiting: { secret: string; resolve: (found: GuildPrincipal | undefined) => void }[] = [];

  isServiceKey = () => false;
  isUncachedKey = () => true;
  findKeyOwner = (secret: string) =>
    new Promise<GuildPrincipal | undefined>((resolve) => this.waiting.push({ secret, resolve }));

  answer(): void {
    for (const { secret, resolve } of this.waiting.splice(0)) resolve(secret.startsWith('right') ? GUILD : undefined);
  }
}

describe(`${AccessGuard.name}, while the database is slow`, () => {
  let credentials: DelayedCredentials;
  const make = () => {
    const server = fastify();
    const identification = new Identification(credentials as unknown as Credentials, new RequestRates(LIMIT));
    identifyCallers(server, new AccessGuard(identification, {} as MemberProfiles));
    server.setErrorHandler((error: { status?: number }, _request, reply) => reply.status(error.status ?? 500).send());
    server.get('/', { config: { access: 'guild', decidedBy: { guild_id: 'required' } } }, () => 'answer');
    return server;
  };
  const ask = async (server: ReturnType<typeof make>, secrets: string[]) => {
    const asked = secrets.map((secret) => server.inject({ url: '/', headers: { authorization: `Bearer ${secret}` } }));
    const all = Promise.all(asked);
    // By then, every request that was not refused immediately has started its lookup.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    credentials.answer();
    return (await all).map(({ statusCode }) => statusCode);
  };

  beforeEach(() => {
    credentials = new DelayedCredentials();
  });

  it('allows no more failed attempts than the limit', async () => {
    const server = make();
    const statuses = await ask(server, ['wrong 1', 'wrong 2', 'wrong 3', 'wrong 4', 'wrong 5', 'wrong 6', 'wrong 7']);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  it('does not count a valid key as a failed attempt once it is found', async () => {
    const server = make();
    for (let turn = 0; turn < 2; turn++) {
      expect(await ask(server, ['right 1', 'right 2'])).toEqual([200, 200]);
    }
    expect(await ask(server, ['wrong 1', 'wrong 2', 'wrong 3', 'wrong 4', 'wrong 5', 'wrong 6'])).toEqual([
      ...Array<number>(LIMIT).fill(401),
      429,
    ]);
  });
});
