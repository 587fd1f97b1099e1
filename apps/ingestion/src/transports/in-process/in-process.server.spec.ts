import { QUEUES } from '#libs/contracts';
import type { EventPipeline } from '../../intake/event-pipeline.js';
import type { EventResult } from '../../intake/event-result.js';
import type { IncomingMessage } from '../../intake/incoming-message.js';
import type { Intake } from '../../intake/intake.service.js';
import { MemoryBudget } from '../../intake/memory-budget.js';
import { InProcessServer } from './in-process.server.js';

describe('InProcessServer', () => {
  it('should store a batch once when one of its events is rejected, and reject only its caller', async () => {
    const stored: string[][] = [];
    const memory = new MemoryBudget();
    const letter = {
      content: Buffer.from(''),
      routingKey: 'command.used',
      contentType: undefined,
      contentEncoding: undefined,
      messageId: '2',
      timestamp: 0,
      headers: { 'x-error-name': 'RefusedByDatabaseError' },
    };
    const pipeline: Pick<EventPipeline, 'queues' | 'queueOf' | 'decode' | 'store'> = {
      queues: [QUEUES.statistics],
      queueOf: () => QUEUES.statistics,
      decode: (message) => ({
        results: [{ status: 'ok', event: message as unknown } as EventResult],
        received: 1,
        refused: 0,
        unrepeatable: 0,
        weight: 1,
        bytes: 0,
      }),
      store: async (messages) => {
        const ids = messages.map(({ results }) => {
          const [{ event }] = results as unknown as [{ event: IncomingMessage }];
          return event.messageId!;
        });
        stored.push(ids);
        expect(memory.heldBytes).toBeGreaterThan(0);
        return ids.map((id) => (id === '2' ? [letter] : []));
      },
    };
    const server = new InProcessServer({
      intake: { memory, pipelineTo: () => pipeline as EventPipeline } as unknown as Intake,
      batch: { size: 3, maxAgeMs: 60_000 },
    });
    server.listen(() => undefined);
    const outcomes = await Promise.allSettled(
      ['1', '2', '3'].map((eventId) => server.handOver({ name: 'command.used', eventId, occurredAt: 0, body: {} })),
    );
    expect(stored).toEqual([['1', '2', '3']]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await server.close();
    expect(memory.heldBytes).toBe(0);
  });
});
