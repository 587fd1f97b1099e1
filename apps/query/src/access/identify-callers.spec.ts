import fastify from 'fastify';
import { identifyCallers } from './identify-callers.js';

describe('identifyCallers', () => {
  const make = (config: object | undefined) => {
    const server = fastify();
    // No request is made here, and so nobody's credential looked at.
    identifyCallers(server, { identify: () => Promise.resolve() });
    server.get('/new', { config }, () => 'answer');
  };

  it('does not let a route be made that does not declare who may call it', () => {
    expect(() => make(undefined)).toThrow('the route GET /new does not declare who may call it');
    expect(() => make({})).toThrow('the route GET /new does not declare who may call it');
    expect(() => make({ access: 'service' })).not.toThrow();
  });

  it('does not let a route be made for guilds whose guild_id does not decide', () => {
    const message = 'the route GET /new does not declare that its guild_id decides who may call it';
    expect(() => make({ access: 'guild' })).toThrow(message);
    expect(() => make({ access: 'guild', decidedBy: { guild_id: 'optional' } })).toThrow(message);
    expect(() => make({ access: 'guild', decidedBy: { guild_id: 'required' } })).not.toThrow();
  });
});
