import fastify from 'fastify';
import { checkAccess, type AccessParts } from './access-check.js';
import { RequestRates } from './request-rates.js';

describe('checkAccess', () => {
  const make = (config: object | undefined) => {
    const server = fastify();
    // No request is made here, and so nobody's credential looked at.
    checkAccess(server, { credentials: {} as AccessParts['credentials'], rates: new RequestRates(0) });
    server.get('/new', { config }, () => 'answer');
  };

  it('does not let a route be made that does not declare who may call it', () => {
    expect(() => make(undefined)).toThrow('the route GET /new does not declare who may call it');
    expect(() => make({})).toThrow('the route GET /new does not declare who may call it');
    expect(() => make({ access: 'service' })).not.toThrow();
  });

  it('does not let a route be made for guilds that does not declare how its guild is read', () => {
    expect(() => make({ access: 'guild' })).toThrow('the route GET /new does not declare how its guild is read');
    expect(() => make({ access: 'guild', reads: () => ({ fields: {} }) })).not.toThrow();
  });
});
