import type { ChannelModel } from 'amqplib';
import { untilConsumerIsLost } from './consumer-watch.js';

const NO_CONSUMER = { consumerCount: 0, messageCount: 0 };
const EVERY_MS = 1_000;

describe('untilConsumerIsLost', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function watch(answers: (object | Error)[], deliveries: () => number | undefined = () => 0) {
    const ending = new AbortController();
    let asked = 0;
    const checkQueue = async () => {
      const answer = answers[asked++] ?? NO_CONSUMER;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const channel = { on: () => undefined, checkQueue, close: async () => undefined };
    const connection = { createChannel: async () => channel } as unknown as ChannelModel;
    let lost: boolean | undefined;
    const { signal } = ending;
    const watching = untilConsumerIsLost({ connection, queue: 'queue', deliveries, signal, everyMs: EVERY_MS });
    const settled = watching.then((answer) => (lost = answer));
    return {
      check: async (times: number) => {
        for (let count = 0; count < times; count++) await jest.advanceTimersByTimeAsync(EVERY_MS);
      },
      end: () => ending.abort(),
      settled,
      get asked() {
        return asked;
      },
      get lost() {
        return lost;
      },
    };
  }

  it.each([
    ['has no consumer', { consumerCount: 0, messageCount: 0 }],
    ['keeps messages that it does not deliver', { consumerCount: 3, messageCount: 1 }],
  ])('should report the loss if the queue %s twice in a row', async (_, answer) => {
    const watched = watch([answer, answer]);
    await watched.check(1);
    expect(watched.lost).toBeUndefined();
    await watched.check(1);
    expect(watched.lost).toBe(true);
  });

  it.each<[what: string, answer: object | Error]>([
    ['the queue is empty and has a consumer', { consumerCount: 1, messageCount: 0 }],
    ['the broker does not answer', new Error('the channel was closed')],
  ])('should start counting again if %s in between', async (_, answer) => {
    const watched = watch([NO_CONSUMER, answer, NO_CONSUMER]);
    await watched.check(3);
    expect([watched.asked, watched.lost]).toEqual([3, undefined]);
    await watched.check(1);
    expect(watched.lost).toBe(true);
  });

  it.each<[what: string, deliveries: () => number | undefined]>([
    [
      'messages arrive',
      (
        (count) => () =>
          count++
      )(0),
    ],
    ['the consumer does not wait for any', () => undefined],
  ])('should not check the queue while %s', async (_, deliveries) => {
    const watched = watch([], deliveries);
    await watched.check(10);
    expect([watched.asked, watched.lost]).toEqual([0, undefined]);
    watched.end();
    await watched.settled;
  });

  it('should end with its signal', async () => {
    const watched = watch([]);
    watched.end();
    expect(await watched.settled).toBe(false);
  });
});
