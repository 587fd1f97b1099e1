import { QUEUES } from '#libs/contracts';
import type { DeadLetter } from '../../intake/dead-letter.js';
import type { IncomingMessage } from '../../intake/incoming-message.js';
import type { QueueHandler } from '../../intake/queue-handler.js';
import { InProcessHandover } from './in-process-handover.js';

describe('InProcessHandover', () => {
  const deadLetterOf = ({ tag, content }: IncomingMessage): DeadLetter => ({
    tag,
    content,
    routingKey: 'command.used',
    contentType: undefined,
    contentEncoding: undefined,
    messageId: undefined,
    timestamp: 0,
    headers: { 'x-error-name': 'RefusedByDatabaseError' },
  });

  it('should handle a batch once when one of its events is refused, and tell its caller alone', async () => {
    const handled: string[][] = [];
    const handler: QueueHandler<IncomingMessage> = {
      queue: QUEUES.statistics,
      read: (message) => ({ events: [message], deadLetters: [], keptBytes: 0 }),
      handle: async (batch) => {
        const messages = batch.flatMap(({ events }) => events);
        handled.push(messages.map(({ messageId }) => messageId!));
        return messages.filter(({ messageId }) => messageId === '2').map(deadLetterOf);
      },
    };
    const handover = new InProcessHandover({
      handlers: [handler as QueueHandler],
      batch: { size: 3, maxAgeMs: 60_000 },
    });
    const outcomes = await Promise.allSettled(
      ['1', '2', '3'].map((eventId) => handover.handOver({ name: 'command.used', eventId, occurredAt: 0, body: {} })),
    );
    expect(handled).toEqual([['1', '2', '3']]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await handover.close();
  });
});
