/**
 * Explains why RabbitMQ refused a connection, with the broker's message if amqplib passes it on. For a refused virtual
 * host, amqplib only reports an unexpected frame. Any other error is returned unchanged.
 */
export function explainRefusal(error: Error, url: string): Error {
  const message = /^Handshake terminated by server: .* with message "(.*)"$/.exec(error.message)?.[1];
  if (message !== undefined) return new Error(`RabbitMQ refuses the connection: ${message}`, { cause: error });
  if (!error.message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose')) return error;
  const vhost = decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
  return new Error(
    `RabbitMQ refuses the virtual host "${vhost}" of RABBITMQ_URL: it does not exist, or this user may not use it`,
    { cause: error },
  );
}
