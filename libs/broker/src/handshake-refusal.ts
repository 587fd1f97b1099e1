/**
 * Why RabbitMQ refused a connection: in its own words where amqplib passes them on. Of a refused virtual host amqplib
 * says only that it got another frame than it expected. Any other error stays as it is.
 */
export function explainRefusal(error: Error, url: string): Error {
  const words = /^Handshake terminated by server: .* with message "(.*)"$/.exec(error.message)?.[1];
  if (words !== undefined) return new Error(`RabbitMQ refuses the connection: ${words}`, { cause: error });
  if (!error.message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose')) return error;
  const vhost = decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
  return new Error(
    `RabbitMQ refuses the virtual host "${vhost}" of RABBITMQ_URL: it does not exist, or this user may not use it`,
    { cause: error },
  );
}
