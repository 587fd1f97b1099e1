import fastify from 'fastify';
import { identifyCallers } from './identify-callers.js';

describe('identifyCallers', () => {
  const make = (config: object | undefined) => {
    const server = fastify();
    // These tests only register routes, so `identify` is never called.
    identifyCallers(server, { identify: () => Promise.resolve() });
    server.get('/new', { config }, () => 'answer');
  };

  it('rejects a route that does not declare who may call it', () => {
    expect(() => make(undefined)).toThrow('the route GET /new does not declare who may call it');
    expect(() => make({})).toThrow('the route GET /new does not declare who may call it');
    expect(() => make({ access: 'service' })).not.toThrow();
  });

  it('rejects a guild route whose authorization does not require guild_id', () => {
    const message = 'the route GET /new has access "guild" but does not require guild_id';
    expect(() => make({ access: 'guild' })).toThrow(message);
    expect(() => make({ access: 'guild', decidedBy: { guild_id: 'optional' } })).toThrow(message);
    expect(() => make({ access: 'guild', decidedBy: { guild_id: 'required' } })).not.toThrow();
  });
});
