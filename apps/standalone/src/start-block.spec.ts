import { describeStart } from './start-block.js';

const URL = 'http://127.0.0.1:3000';

describe('describeStart', () => {
  it('prints a curl line that works as pasted, for any path of the key', () => {
    const block = describeStart({
      url: URL,
      serviceKeyFile: "/home/o'neil/my stats/service-key",
      broker: { kind: 'none' },
    });
    expect(block).toContain(
      `curl -H "Authorization: Bearer $(cat '/home/o'\\''neil/my stats/service-key')" ` +
        `'http://127.0.0.1:3000/modules/serverstats/status?guild_id=`,
    );
  });

  it('does not assume that SERVICE_KEY is set in the shell', () => {
    const block = describeStart({ url: URL, broker: { kind: 'none' } });
    expect(block).toContain(`curl 'http://127.0.0.1:3000/readyz'`);
    expect(block).toContain('SERVICE_KEY');
  });

  it('prints the complete URL of the private broker, because the operator cannot get it elsewhere', () => {
    const url = 'amqp://serverstats:made-up@127.0.0.1:5672';
    expect(describeStart({ url: URL, broker: { kind: 'private', url } })).toContain(url);
  });

  it('does not print the credentials of a configured broker', () => {
    const urls = ['amqps://bot:secret@mq.example:5671/stats'];
    const block = describeStart({ url: URL, broker: { kind: 'configured', urls } });
    expect(block).toContain('amqps://mq.example:5671/stats');
    expect(block).not.toContain('secret');
  });

  it('explains how to get a broker if there is none', () => {
    expect(describeStart({ url: URL, broker: { kind: 'none' } })).toMatch(/rabbitmq-server on PATH.*RABBITMQ_URL/s);
  });
});
