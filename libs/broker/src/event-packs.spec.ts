import type { OutgoingEvent } from './event-handover.js';
import { EventPacks } from './event-packs.js';

describe('EventPacks', () => {
  const event = (name: string, eventId: string): OutgoingEvent => ({ name, eventId, occurredAt: 0, body: {} });
  const idsOf = (events: readonly OutgoingEvent[]) => events.map(({ eventId }) => eventId).join();

  function recordingPacks() {
    const published: string[] = [];
    return { published, packs: new EventPacks(async (events) => void published.push(idsOf(events))) };
  }

  it('should publish events of one turn together, by kind', async () => {
    const { published, packs } = recordingPacks();
    await Promise.all([packs.add(event('a', '1')), packs.add(event('b', '2')), packs.add(event('a', '3'))]);
    expect(published).toEqual(['1,3', '2']);
  });

  it('should publish events of later turns separately', async () => {
    const { published, packs } = recordingPacks();
    await packs.add(event('a', '1'));
    await packs.add(event('a', '2'));
    expect(published).toEqual(['1', '2']);
  });

  it('should start another pack when one is full', async () => {
    const sizes: number[] = [];
    const packs = new EventPacks(async (events) => void sizes.push(events.length));
    await Promise.all(Array.from({ length: 150 }, (_, index) => packs.add(event('a', String(index)))));
    expect(sizes).toEqual([100, 50]);
  });

  it('should reject each event of a failed pack and none of the next pack', async () => {
    let isRefused = true;
    const packs = new EventPacks(async () => {
      if (isRefused) throw new Error('refused');
    });
    const [first, second] = await Promise.allSettled([packs.add(event('a', '1')), packs.add(event('a', '2'))]);
    expect([first.status, second.status]).toEqual(['rejected', 'rejected']);
    isRefused = false;
    await expect(packs.add(event('a', '3'))).resolves.toBeUndefined();
  });
});
