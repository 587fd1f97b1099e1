import { fastify } from 'fastify';

/** The least that a server can do with a JSON body: parse it, and answer what is always the same. */
const server = fastify();
server.post('/', () => ({ success: true, data: { accepted: true }, error: {} }));
process.once('SIGTERM', () => void server.close());
console.log(`listening on ${await server.listen({ host: '127.0.0.1', port: 0 })}`);
