/** RabbitMQ did not answer in time. */
export class BrokerDeadlineError extends Error {
  override readonly name = 'BrokerDeadlineError';
}

/**
 * Waits for RabbitMQ for a limited time. The work itself is not stopped.
 *
 * @param ms in milliseconds
 * @param what begins the message: "… was not answered within 5000 ms"
 * @throws BrokerDeadlineError when the time is over
 */
export async function withBrokerDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BrokerDeadlineError(`${what} was not answered within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
