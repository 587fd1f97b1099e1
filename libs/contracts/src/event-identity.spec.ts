import { v5 } from 'uuid';
import { derivedEventId, EVENT_ID_NAMESPACE, judgeTime, resolveIdentity, snowflakeIdentity } from './event-identity.js';

const V7 = '018bcfe5-6800-7000-8000-000000000000'; // 2023-11-14T22:13:20.000Z
const arrivedAt = 1_700_000_500_000;

describe('resolveIdentity', () => {
  it('should prefer the identity in the body', () => {
    const given = { eventId: V7, occurredAt: 1_700_000_001_000 };
    expect(resolveIdentity(given, { messageId: 'x', timestamp: 5, arrivedAt })).toMatchObject({
      ...given,
      timeFrom: 'occurred_at',
      repeatable: true,
    });
  });

  it('should use a UUID message_id of a single event, and the time in a UUIDv7', () => {
    const identity = resolveIdentity({}, { messageId: V7.toUpperCase(), timestamp: 1_600_000_000, arrivedAt });
    expect(identity).toMatchObject({ eventId: V7, occurredAt: 1_700_000_000_000, repeatable: true });
  });

  it('should derive a UUIDv5 from any other message_id, and from the position in an array', () => {
    const one = resolveIdentity({}, { messageId: 'bot-1', timestamp: 1_700_000_000, arrivedAt });
    expect(one).toMatchObject({
      eventId: v5('bot-1', EVENT_ID_NAMESPACE),
      occurredAt: 1_700_000_000_000,
      repeatable: true,
    });
    const third = resolveIdentity({}, { messageId: V7, index: 2, timestamp: 1_700_000_000, arrivedAt });
    expect(third.eventId).toBe(v5(`${V7}#2`, EVENT_ID_NAMESPACE));
    const replayed = resolveIdentity({}, { messageId: `${V7}#2`, timestamp: 1_700_000_000, arrivedAt });
    expect(replayed).toEqual(third);
  });

  it('should read a timestamp of more than 10^11 as milliseconds', () => {
    const identity = resolveIdentity({ eventId: derivedEventId('x') }, { timestamp: 1_700_000_000_123, arrivedAt });
    expect(identity.occurredAt).toBe(1_700_000_000_123);
  });

  it('should report if a redelivery would not be recognized', () => {
    expect(resolveIdentity({}, { arrivedAt })).toMatchObject({ occurredAt: arrivedAt, repeatable: false });
    expect(resolveIdentity({}, { messageId: 'x', arrivedAt }).repeatable).toBe(false);
    expect(resolveIdentity({ occurredAt: arrivedAt }, { arrivedAt }).repeatable).toBe(false);
  });
});

describe('snowflakeIdentity', () => {
  it('should take id and time from the snowflake', () => {
    expect(snowflakeIdentity('175928847299117063', 'message_id')).toEqual({
      eventId: v5('175928847299117063', EVENT_ID_NAMESPACE),
      occurredAt: Date.parse('2016-04-30T11:18:25.796Z'),
      timeFrom: 'message_id',
      repeatable: true,
    });
  });

  it('should not change, so that events of older versions are recognized', () => {
    expect(derivedEventId('175928847299117063')).toBe('35a1778e-e076-5e16-89f0-91bf370f32b5');
  });
});

describe('judgeTime', () => {
  const now = Date.parse('2026-11-24T10:00:00.000Z');
  it.each([
    [now + 300_000, 'in time'],
    [now + 300_001, 'in the future'],
    [now - 62 * 86_400_000, 'in time'],
    [now - 62 * 86_400_000 - 1, 'too old'],
  ])('should judge %d', (time, verdict) => expect(judgeTime(time, now, 62)).toBe(verdict));
});
