import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { guildOf } from './guild-channels.js';

/**
 * A minimal replacement for Discord. The test double is not suitable: it validates every request against Discord's
 * schema, which takes more CPU than what is measured.
 */
export interface DiscordServer {
  /** For `DISCORD_API_URL`. */
  url: string;
  /** The number of requests since the start. */
  requests(): number;
  close(): Promise<void>;
}

/**
 * - `answers`: answers all requests of starboard and counter panels immediately
 * - `hangs`: accepts requests and never answers
 */
export type Behaviour = 'answers' | 'hangs';

const API = '/api/v10';
const BOT = { id: '6000000000000000001', username: 'bot', bot: true };
const AUTHOR = { id: '6000000000000000002', username: 'author' };
const FANS = ['6000000000000000003', '6000000000000000004'].map((id) => ({ id, username: 'fan' }));
const FIRST_POST = 7_000_000_000_000_000_000n;

export async function startDiscordServer(behaviour: Behaviour): Promise<DiscordServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    if (behaviour === 'hangs') return;
    answerTo(request, FIRST_POST + BigInt(requests)).then(
      (answer) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
      (error: Error) => response.destroy(error),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    requests: () => requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerTo(request: IncomingMessage, newId: bigint): Promise<unknown> {
  const body = await text(request);
  const path = new URL(request.url!, 'http://localhost').pathname.slice(API.length);
  const [, kind, id = '', of, messageId, reactions] = path.split('/');
  if (kind === 'users') return BOT;
  if (kind === 'guilds') return { id, name: 'guild', owner_id: AUTHOR.id, approximate_member_count: 1_200 };
  if (of === undefined) return { id, guild_id: guildOf(id), type: 0, name: 'channel' };
  if (reactions !== undefined) return FANS;
  if (messageId !== undefined) {
    const stars = [{ emoji: { id: null, name: '⭐' }, count: FANS.length }];
    return { id: messageId, channel_id: id, author: AUTHOR, content: 'x', reactions: stars };
  }
  const { content } = JSON.parse(body) as { content: string };
  return { id: String(newId), channel_id: id, author: BOT, content };
}
