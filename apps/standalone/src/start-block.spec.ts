import { describeStart } from './start-block.js';

const URL = 'http://127.0.0.1:3000';

describe('describeStart', () => {
  it('gives a curl line that works as pasted, wherever the key lies', () => {
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

  it('does not rely on the shell knowing SERVICE_KEY', () => {
    const block = describeStart({ url: URL, broker: { kind: 'none' } });
    expect(block).toContain(`curl 'http://127.0.0.1:3000/readyz'`);
    expect(block).toContain('SERVICE_KEY');
  });

  it('gives the whole URL of the private broker, which only the operator can know from here', () => {
    const url = 'amqp://serverstats:made-up@127.0.0.1:5672';
    expect(describeStart({ url: URL, broker: { kind: 'private', url } })).toContain(url);
  });

  it('keeps the credentials of a configured broker to itself', () => {
    const urls = ['amqps://bot:secret@mq.example:5671/stats'];
    const block = describeStart({ url: URL, broker: { kind: 'configured', urls } });
    expect(block).toContain('amqps://mq.example:5671/stats');
    expect(block).not.toContain('secret');
  });

  it('tells how to get a broker when there is none', () => {
    expect(describeStart({ url: URL, broker: { kind: 'none' } })).toMatch(/rabbitmq-server on PATH.*RABBITMQ_URL/s);
  });
});
