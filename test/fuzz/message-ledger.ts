import { createHash } from 'node:crypto';
import type { ConsumeMessage } from 'amqplib';
import { DEAD_LETTER_HEADERS } from '#libs/contracts';
import type { FuzzMessage, Outcome } from './messages.js';

/** The dead letters with the same content and routing key. */
interface Letters {
  /** The number of dead letters that must still arrive. */
  due: number;
  /** The number of dead letters that may also arrive. */
  possible: number;
  errors?: readonly string[];
  field?: string;
}

const { errorName, errorMessage, errorFields, originalRoutingKey } = DEAD_LETTER_HEADERS;
/** The errors that mean a bug of this system. */
const FAULTS = ['UnexpectedError', 'RefusedByDatabaseError'];

/** The expected stored events and dead letters of everything that was sent. */
export class MessageLedger {
  /** The expected records by identity. */
  readonly stored = new Map<string, Record<string, unknown>>();
  /** Descriptions of wrong dead letters. */
  readonly mistakes: string[] = [];
  messages = 0;
  /** The number of events that reach the ingestion service. An array that is refused as a whole counts as one. */
  events = 0;
  /** The number of unroutable messages, which the broker dead-letters. */
  unroutable = 0;
  /** The numbers of received dead letters by the name of their error. It is empty for those of the broker. */
  readonly letters = new Map<string, number>();
  private readonly expected = new Map<string, Letters>();

  /** Records a message. Call it before publishing. */
  add(message: FuzzMessage): void {
    this.messages++;
    for (const outcome of message.outcomes) {
      if (outcome.is === 'stored') this.addStored(outcome.kind.name, outcome.record);
      else if (outcome.is === 'dead') this.addDead(message.routingKey, outcome);
      else if (outcome.is === 'open') this.lettersOf(message.routingKey, outcome.content).possible++;
      if (outcome.is === 'dead' && outcome.errors === undefined) this.unroutable++;
      else this.events++;
    }
  }

  /** Records an event that was sent over HTTP. */
  addHandedOver(kind: string, record: Record<string, unknown>): void {
    this.addStored(kind, record);
    this.events++;
  }

  /** Counts an event with unknown contents that was sent over HTTP. */
  addOpen(): void {
    this.events++;
  }

  takeLetter({ content, fields, properties }: ConsumeMessage): void {
    const headers = (properties.headers ?? {}) as Record<string, unknown>;
    const letters = this.expected.get(letterKey(fields.routingKey, content));
    const isOfBroker = letters !== undefined && letters.due > 0 && letters.errors === undefined;
    const name = isOfBroker ? '' : String(headers[errorName]);
    this.letters.set(name, (this.letters.get(name) ?? 0) + 1);
    const mistake = isOfBroker ? undefined : mistakeInLetter(headers, fields.routingKey, letters);
    if (letters !== undefined && letters.due > 0) letters.due--;
    else if (letters !== undefined && letters.possible > 0) letters.possible--;
    else this.mistakes.push(`unexpected dead letter ${shownLetter(content, fields.routingKey, headers)}`);
    if (mistake !== undefined) this.mistakes.push(`${mistake}: ${shownLetter(content, fields.routingKey, headers)}`);
  }

  /** The number of missing dead letters of a message. */
  dueLetters(message: FuzzMessage): number {
    return message.outcomes
      .filter((outcome) => outcome.is === 'dead')
      .reduce((sum, { content }) => sum + this.lettersOf(message.routingKey, content).due, 0);
  }

  /** Stops waiting for the dead letters of a message, so that a smaller one with the same content starts from zero. */
  giveUp(message: FuzzMessage): void {
    for (const outcome of message.outcomes) {
      if (outcome.is === 'dead') this.lettersOf(message.routingKey, outcome.content).due = 0;
    }
  }

  allDueLetters(): number {
    return [...this.expected.values()].reduce((sum, { due }) => sum + due, 0);
  }

  allLetters(): number {
    return [...this.letters.values()].reduce((sum, count) => sum + count, 0);
  }

  private addStored(kind: string, record: Record<string, unknown>): void {
    const identity = identityOf(kind, record);
    // Of two events with the same identity, the first one counts.
    if (!this.stored.has(identity)) this.stored.set(identity, record);
  }

  private addDead(routingKey: string, { content, errors, field }: Extract<Outcome, { is: 'dead' }>): void {
    const letters = this.lettersOf(routingKey, content);
    letters.due++;
    if (letters.due === 1) Object.assign(letters, { errors, field });
  }

  private lettersOf(routingKey: string, content: Buffer): Letters {
    const key = letterKey(routingKey, content);
    let letters = this.expected.get(key);
    if (letters === undefined) this.expected.set(key, (letters = { due: 0, possible: 0 }));
    return letters;
  }
}

/** The unique identity of an event. */
export function identityOf(kind: string, { guild_id: guildId, id, timestamp }: Record<string, unknown>): string {
  return [guildId, kind, id, timestamp].join(' ');
}

function mistakeInLetter(headers: Record<string, unknown>, routingKey: string, letters?: Letters): string | undefined {
  const name = String(headers[errorName]);
  if (FAULTS.includes(name)) return `the error ${name}`;
  if (typeof headers[errorMessage] !== 'string' || headers[errorMessage] === '') return 'no message';
  if (headers[originalRoutingKey] !== routingKey) return 'another routing key';
  if (letters === undefined || letters.due === 0) return undefined;
  if (letters.errors?.includes(name) !== true) return `an error other than ${letters.errors?.join()}`;
  if (letters.field === undefined) return undefined;
  const reported = JSON.parse(String(headers[errorFields])) as { field: string }[];
  return reported.length === 1 && reported[0]!.field === letters.field
    ? undefined
    : `the reported field is not ${letters.field}`;
}

function letterKey(routingKey: string, content: Buffer): string {
  return createHash('sha1').update(routingKey).update('\0').update(content).digest('base64');
}

function shownLetter(content: Buffer, routingKey: string, headers: Record<string, unknown>): string {
  const text = content.toString();
  const isText = Buffer.from(text).equals(content);
  return `${routingKey} ${isText ? text.slice(0, 2_000) : content.toString('base64').slice(0, 2_000)} ${JSON.stringify(headers)}`;
}
