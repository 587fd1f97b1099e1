import { createHash } from 'node:crypto';
import type { ConsumeMessage } from 'amqplib';
import { DEAD_LETTER_HEADERS } from '#libs/contracts';
import type { FuzzMessage, Outcome } from './messages.js';

/** Dead letters of the same bytes and routing key. */
interface Letters {
  /** How many must still come. */
  due: number;
  /** How many more may come. */
  possible: number;
  errors?: readonly string[];
  field?: string;
}

const { errorName, errorMessage, errorFields, originalRoutingKey } = DEAD_LETTER_HEADERS;
/** These say that this system did not know what it does. */
const FAULTS = ['UnexpectedError', 'RefusedByDatabaseError'];

/** What must be stored and what must be among the dead letters after all that was sent. */
export class MessageLedger {
  /** The records of what must be stored, by their identity. */
  readonly stored = new Map<string, Record<string, unknown>>();
  /** What is wrong with dead letters, for people. */
  readonly mistakes: string[] = [];
  messages = 0;
  /** Events that the ingestion service gets to see; an array that is refused as a whole counts as one. */
  events = 0;
  /** Dead letters that the broker itself made, as no queue wants the message. */
  unroutable = 0;
  /** How many dead letters have come, by the name of their error; by no name those of the broker. */
  readonly letters = new Map<string, number>();
  private readonly expected = new Map<string, Letters>();

  /** Notes a message before it is published. */
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

  /** Notes an event that was handed over by HTTP. */
  addHandedOver(kind: string, record: Record<string, unknown>): void {
    this.addStored(kind, record);
    this.events++;
  }

  /** An event that was handed over by HTTP, of which nobody knows what it says. */
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
    else this.mistakes.push(`nobody expected the dead letter ${shownLetter(content, fields.routingKey, headers)}`);
    if (mistake !== undefined) this.mistakes.push(`${mistake}: ${shownLetter(content, fields.routingKey, headers)}`);
  }

  /** How many of the dead letters of a message have not come. */
  dueLetters(message: FuzzMessage): number {
    return message.outcomes
      .filter((outcome) => outcome.is === 'dead')
      .reduce((sum, { content }) => sum + this.lettersOf(message.routingKey, content).due, 0);
  }

  /** Waits no longer for its dead letters: a smaller message with the same must be judged by its own. */
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
    // Of two that are the same event the first one counts.
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

/** What tells an event from every other. */
export function identityOf(kind: string, { guild_id: guildId, id, timestamp }: Record<string, unknown>): string {
  return [guildId, kind, id, timestamp].join(' ');
}

function mistakeInLetter(headers: Record<string, unknown>, routingKey: string, letters?: Letters): string | undefined {
  const name = String(headers[errorName]);
  if (FAULTS.includes(name)) return `the error ${name}`;
  if (typeof headers[errorMessage] !== 'string' || headers[errorMessage] === '') return 'no message';
  if (headers[originalRoutingKey] !== routingKey) return 'another routing key';
  if (letters === undefined || letters.due === 0) return undefined;
  if (letters.errors?.includes(name) !== true) return `an error that is none of ${letters.errors?.join()}`;
  if (letters.field === undefined) return undefined;
  const named = JSON.parse(String(headers[errorFields])) as { field: string }[];
  return named.length === 1 && named[0]!.field === letters.field
    ? undefined
    : `${letters.field} is not the field named`;
}

function letterKey(routingKey: string, content: Buffer): string {
  return createHash('sha1').update(routingKey).update('\0').update(content).digest('base64');
}

function shownLetter(content: Buffer, routingKey: string, headers: Record<string, unknown>): string {
  const text = content.toString();
  const isText = Buffer.from(text).equals(content);
  return `${routingKey} ${isText ? text.slice(0, 2_000) : content.toString('base64').slice(0, 2_000)} ${JSON.stringify(headers)}`;
}
