import { createLogger } from './logger.js';
import { stackFrames } from './stack-frames.js';

const SECRET = 'my secret';

describe('createLogger', () => {
  const written = (...log: [details: object, message: string]) => {
    let line = '';
    createLogger({ level: 'info', format: 'json' }, 'query', { write: (text: string) => (line = text) }).info(...log);
    return line;
  };

  it('should write JSON with the level by name, the time in ISO 8601, the service and the keys', () => {
    expect(JSON.parse(written({ request_id: 'a' }, 'a message'))).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'query',
      request_id: 'a',
      msg: 'a message',
    });
  });

  it.each(['error', 'err'])('should write an error under "%s" as one line, without its properties', (key) => {
    const failed = Object.assign(new Error('duplicate key', { cause: new Error('of postgres://a:pw@b/c') }), {
      code: '23505',
      query: `INSERT INTO t VALUES ('${SECRET}')`,
      parameters: [SECRET],
      detail: `Key (a)=(${SECRET}) already exists.`,
    });
    const line = written({ [key]: failed }, 'failed');
    expect(line).not.toContain(SECRET);
    expect((JSON.parse(line) as Record<string, unknown>)[key]).toBe(
      'duplicate key (SQLSTATE 23505) (cause: of postgres://***@b/c)',
    );
  });
});

describe('stackFrames', () => {
  it('should return the frames of an error and its causes without their messages', () => {
    const frames = stackFrames(new Error(SECRET, { cause: new TypeError(`${SECRET}\n    again`) }));
    expect(frames).toMatch(/^at .+\n(?:at .+\n)*caused by TypeError\nat /);
    expect(frames).not.toContain(SECRET);
    expect(stackFrames('no error')).toBeUndefined();
  });
});
