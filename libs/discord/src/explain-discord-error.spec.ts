import { DiscordError, type DiscordFailure } from './discord-error.js';
import { explainDiscordError } from './explain-discord-error.js';

const CHANNEL = '123';

describe('explainDiscordError', () => {
  const explained = (failure: DiscordFailure) =>
    explainDiscordError(new DiscordError('as it came', failure, { route: 'PATCH /channels/123' }), {
      action: 'rename the channel',
      channelId: CHANNEL,
      needed: ['ManageChannels'],
    });

  it.each<[DiscordFailure, string]>([
    [
      { kind: 'forbidden', code: 50013 },
      'Discord refused to rename the channel: the bot lacks Manage Channels in channel 123',
    ],
    [
      { kind: 'forbidden', code: 50001 },
      'Discord refused to rename the channel: the bot lacks View Channel and Manage Channels in channel 123',
    ],
    [
      { kind: 'not_found', code: 10003, object: 'channel' },
      'Discord could not rename the channel: channel 123 does not exist (any more)',
    ],
    [
      { kind: 'not_found', code: 10008, object: 'message' },
      'Discord could not rename the channel: the message in channel 123 does not exist (any more)',
    ],
    [
      { kind: 'rate_limited', retryAfterMs: 61_001, scope: 'user' },
      'Discord did not rename the channel yet: too many requests in channel 123, retry in 62 s',
    ],
    [
      { kind: 'rejected', status: 400, code: 50035, fields: [{ field: 'name', message: 'is too long' }] },
      'Discord did not accept the request to rename the channel in channel 123: name: is too long (code 50035)',
    ],
    [
      {
        kind: 'rejected',
        status: 400,
        code: 30013,
        fields: [],
        reason: 'Maximum number of guild channels reached (500)',
      },
      'Discord did not accept the request to rename the channel in channel 123: the server has 500 channels, the maximum that Discord allows (code 30013)',
    ],
    [
      { kind: 'rejected', status: 400, code: 200000, fields: [], reason: 'Message was blocked' },
      "Discord did not accept the request to rename the channel in channel 123: the server's AutoMod blocks it (code 200000)",
    ],
    [
      { kind: 'rejected', status: 400, code: 30099, fields: [], reason: 'Too many lanterns' },
      'Discord did not accept the request to rename the channel in channel 123: Too many lanterns (code 30099)',
    ],
    [
      { kind: 'forbidden', code: 60003, reason: 'Two factor is required for this operation' },
      "Discord refused to rename the channel in channel 123: the server requires two-factor authentication, which the bot's owner has to switch on (code 60003)",
    ],
    [
      { kind: 'not_found', code: 10004, object: 'guild' },
      'Discord could not rename the channel: the bot is not in this guild (any more)',
    ],
    [{ kind: 'unauthorized' }, "Discord does not accept the bot's token, so it did not rename the channel"],
    [{ kind: 'unavailable' }, 'Discord did not answer when asked to rename the channel in channel 123'],
  ])('%j', (failure, sentence) => {
    expect(explained(failure)).toBe(sentence);
  });

  it('names only the lacking permissions if they are known', () => {
    const error = new DiscordError('x', { kind: 'forbidden', code: 50001 }, { route: 'GET /channels/123' });
    const lacking = ['Connect'] as const;
    expect(explainDiscordError(error, { action: 'read', channelId: CHANNEL, needed: ['ViewChannel'], lacking })).toBe(
      'Discord refused to read: the bot lacks Connect in channel 123',
    );
  });

  it('names no permission if the bot is not in the guild', () => {
    const error = new DiscordError('x', { kind: 'forbidden', code: 50001 }, { route: 'GET /channels/123' });
    const failed = { action: 'read', channelId: CHANNEL, needed: ['ViewChannel'] as const, isInGuild: false };
    expect(explainDiscordError(error, failed)).toBe('Discord refused to read: the bot is not in this guild (any more)');
  });

  it('omits what is unknown', () => {
    const error = new DiscordError('x', { kind: 'forbidden', code: 50013 }, { route: 'GET /guilds/1' });
    expect(explainDiscordError(error, { action: 'read the server' })).toBe(
      'Discord refused to read the server: the bot lacks a permission',
    );
  });
});
