import { referenceTo } from './reference.js';

/** RabbitMQ, without and with TLS. The URL is the one in `RABBITMQ_URL` of the services. */
export const SERVERS = {
  rabbitmq: server('amqp', 'localhost:5672', 'RabbitMQ 3.10 to 4.x'),
  'rabbitmq-tls': server('amqps', 'localhost:5671', 'RabbitMQ 3.10 to 4.x, with TLS'),
} as const;

export const SECURITY_SCHEMES = {
  user: {
    type: 'userPassword',
    description:
      'A user of RabbitMQ who may write to the exchange. Publishers declare nothing, so they need no right to configure.',
  },
} as const;

function server(protocol: string, host: string, description: string): object {
  return {
    host: '{host}',
    pathname: '/{vhost}',
    protocol,
    protocolVersion: '0-9-1',
    description,
    variables: {
      host: { default: host, description: 'The address of the broker, with its port' },
      vhost: { default: '', description: 'The virtual host; empty for `/`' },
    },
    security: [referenceTo('components', 'securitySchemes', 'user')],
  };
}
