import { fastify } from 'fastify';

/** The minimum that a server does with a JSON body: parse it and send a constant response. */
const server = fastify();
server.post('/', () => ({ success: true, data: { accepted: true }, error: {} }));
process.once('SIGTERM', () => void server.close());
console.log(`listening on ${await server.listen({ host: '127.0.0.1', port: 0 })}`);
