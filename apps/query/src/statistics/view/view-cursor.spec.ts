import { BadRequestError } from '../../http/api-error.js';
import { readCursor, writeCursor } from './view-cursor.js';

const CURSOR = {
  window: { from: 1_795_000_000_000, to: 1_795_500_000_000 },
  after: { occurredAt: '2026-11-24T09:59:59.123456Z', eventId: '0193a8d0-1111-7222-8333-444455556666' },
};
const SUBJECT = ['command.used', '175928847299117063', undefined];

describe('a cursor', () => {
  it('can be written and read', () => {
    expect(readCursor(writeCursor(CURSOR, SUBJECT), SUBJECT)).toEqual(CURSOR);
  });

  it('is rejected for other records', () => {
    const text = writeCursor(CURSOR, SUBJECT);
    expect(() => readCursor(text, ['command.used', '175928847299117064', undefined])).toThrow(BadRequestError);
  });

  it.each([
    '',
    'x',
    'ä',
    'a'.repeat(500),
    Buffer.from('{}').toString('base64url'),
    Buffer.from('[1,2,3,4,5]').toString('base64url'),
    Buffer.from('[null,null,null,null,null]').toString('base64url'),
  ])('is rejected if it is %j', (text) => {
    expect(() => readCursor(text, SUBJECT)).toThrow(BadRequestError);
  });

  it.each([
    { window: { from: -1, to: 1 } },
    { window: { from: 0.5, to: 1 } },
    { window: { from: 0, to: 9e15 } },
    { after: { ...CURSOR.after, occurredAt: '2026-13-24T09:59:59.123456Z' } },
    { after: { ...CURSOR.after, occurredAt: '2026-02-30T09:59:59.123456Z' } },
    { after: { ...CURSOR.after, occurredAt: '0000-01-01T00:00:00.000000Z' } },
    { after: { ...CURSOR.after, occurredAt: 'yesterday' } },
    { after: { ...CURSOR.after, eventId: "'; DROP TABLE" } },
  ])('is rejected if it contains %j', (change) => {
    expect(() => readCursor(writeCursor({ ...CURSOR, ...change }, SUBJECT), SUBJECT)).toThrow(BadRequestError);
  });
});
