/**
 * Runs the publisher of an example: `node publish-with-example.mjs PUBLISHER.js GUILD_ID`. Each line of the input is a
 * number of events to publish. After the last one it waits for all confirms.
 */
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [file, guild_id] = process.argv.slice(2);
const { Publisher } = await import(pathToFileURL(resolve(file)).href);
const publisher = new Publisher(process.env.RABBITMQ_URL);

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  for (let left = Number(line); left > 0; left--)
    publisher.publish('command.used', { guild_id, command: `c${count++}` });
  process.stdout.write(`published ${count}\n`);
}
await publisher.close(30_000);
process.exit(publisher.waiting === 0 && publisher.dropped === 0 ? 0 : 1);
