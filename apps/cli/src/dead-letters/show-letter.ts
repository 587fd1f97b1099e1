import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { print } from '../output.js';
import { printable } from '../printable.js';
import { DeadLetterWalk } from './dead-letter-walk.js';
import type { LetterFilter } from './letter-filter.js';
import { LetterSelection } from './letter-selection.js';

const WINDOW_SIZE = 500;

/**
 * Prints properties and headers, one per line, an empty line, and the body: byte for byte, but with control characters
 * escaped on a terminal.
 *
 * @throws Error if no dead letter has the id
 */
export async function showLetter(connection: ChannelModel, messageId: string, filter: LetterFilter): Promise<void> {
  const walk = await DeadLetterWalk.open(connection, { windowSize: WINDOW_SIZE });
  const selection = new LetterSelection(walk, filter);
  await walk.run(async (letter) => {
    if (letter.properties.messageId !== messageId || selection.choose(letter) === undefined) return;
    await print(Buffer.concat([Buffer.from(selection.count > 1 ? '\n' : ''), shown(letter)]));
  });
  if (selection.count === 0) throw new Error(`No dead letter has the message id ${printable(messageId)}.`);
  if (selection.count > 1) {
    process.stderr.write(`${selection.count} dead letters have the message id ${printable(messageId)}.\n`);
  }
}

function shown({ content, fields, properties }: ConsumeMessage): Buffer {
  const { headers, ...others } = properties;
  const lines = Object.entries({ exchange: fields.exchange, routingKey: fields.routingKey, ...others, ...headers })
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `${printable(name)}: ${printable(typeof value === 'string' ? value : JSON.stringify(value))}\n`,
    );
  return Buffer.concat([Buffer.from(`${lines.join('')}\n`), process.stdout.isTTY ? forTerminal(content) : content]);
}

function forTerminal(content: Buffer): Buffer {
  return Buffer.from(`${content.toString().split('\n').map(printable).join('\n')}\n`);
}
