import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#libs/timing';
import { DiscordOutage } from './discord-outage.js';
import { createLogger } from './logger.js';
import { OutageLog } from './outage-log.js';

const MESSAGES = { begins: 'away', goesOn: 'still away', ends: 'back' };

/** A clock that the test advances. */
class StepClock implements Clock {
  private nowMs = 0;
  private sleeping: { until: number; wake: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.sleeping.push({ until: this.nowMs + ms, wake }));
  }

  /** Advances in steps of a second, because probes need a turn of the event loop. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1_000;
      const due = this.sleeping.filter(({ until }) => until <= this.nowMs);
      this.sleeping = this.sleeping.filter(({ until }) => until > this.nowMs);
      for (const { wake } of due) wake();
      await nextTurn();
    }
  }
}

describe('OutageLog', () => {
  let clock: StepClock;
  let lines: Record<string, unknown>[];
  let isAway: boolean;
  let log: OutageLog;

  beforeEach(() => {
    clock = new StepClock();
    lines = [];
    isAway = true;
    const write = (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>);
    log = new OutageLog({
      name: 'database',
      messages: MESSAGES,
      probe: async () => {
        if (isAway) throw new Error('away');
      },
      clock,
      logger: createLogger({ level: 'info', format: 'json' }, 'test', { write }),
    });
  });
  afterEach(() => log.stop());

  const fail = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      for (let request = 0; request < 50; request++) log.note(new Error('connect ECONNREFUSED'), { request_id: 'b' });
      await clock.pass(1);
    }
  };
  const messages = () => lines.map(({ msg }) => msg);

  it('should write one line when an outage begins, one a minute, and one when it ends, for any number of failures', async () => {
    log.note(new Error('Connection terminated'), { request_id: 'a', guild_id: '1' });
    await fail(600);
    isAway = false;
    await clock.pass(20);
    expect(messages()).toEqual(['away', ...Array<string>(messages().length - 2).fill('still away'), 'back']);
    expect(lines.length).toBeGreaterThanOrEqual(10);
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines[0]).toMatchObject({ level: 'error', request_id: 'a', guild_id: '1', error: 'Connection terminated' });
    expect(lines[1]).toMatchObject({ level: 'error', error: 'connect ECONNREFUSED' });
    expect(lines[1]).not.toHaveProperty('request_id');
    expect(lines.at(-1)).toMatchObject({ level: 'warn', outage: 'database', failures: 30_001 });
  });

  it('should not report the end of an outage while work fails, even if the probe succeeds', async () => {
    isAway = false;
    await fail(30);
    expect(messages()).toEqual(['away']);
    await clock.pass(10);
    expect(messages()).toEqual(['away', 'back']);
  });

  it('should report the next outage again', async () => {
    isAway = false;
    for (let outage = 0; outage < 2; outage++) {
      log.note(new Error('connect ECONNREFUSED'));
      await clock.pass(10);
    }
    expect(messages()).toEqual(['away', 'back', 'away', 'back']);
  });

  it('should write nothing after it is stopped', async () => {
    log.stop();
    await fail(10);
    expect(lines).toEqual([]);
  });
});

describe('DiscordOutage', () => {
  const clock = new StepClock();
  const lines: { msg: string; failures?: number; route?: string }[] = [];
  const write = (text: string) => void lines.push(JSON.parse(text) as { msg: string });
  const outage = new DiscordOutage(clock, createLogger({ level: 'info', format: 'json' }, 'test', { write }));
  const answer = async (...statuses: (number | undefined)[]) => {
    for (const status of statuses) {
      outage.note('GET /guilds/:id', status);
      await clock.pass(1);
    }
  };
  afterAll(() => outage.stop());

  it('should log nothing of single failures, rate limits and refusals', async () => {
    await answer(500, undefined, 502, 200, 503, 503, 503, undefined, 404, 429, 403);
    expect(lines).toEqual([]);
  });

  it('should log five failures in a row as an outage, once a minute, until Discord answers again', async () => {
    await answer(...Array.from({ length: 124 }, () => 503));
    expect(lines.map(({ msg }) => msg)).toEqual([
      'Discord is not available',
      'requests to Discord fail',
      'Discord is still not available',
      'Discord is still not available',
    ]);
    await answer(200);
    await clock.pass(10);
    expect(lines.at(-1)).toMatchObject({ msg: 'Discord is available again', failures: 120 });
  });

  it('should name each kind of request that fails once in an outage', async () => {
    lines.length = 0;
    for (let outages = 0; outages < 2; outages++) {
      for (const route of ['GET /guilds/:id', 'PATCH /channels/:id', 'GET /guilds/:id']) {
        for (let n = 0; n < 5; n++) outage.note(route, 503);
      }
      await answer(200);
      await clock.pass(10);
    }
    const named = lines.filter(({ msg }) => msg === 'requests to Discord fail').map(({ route }) => route);
    expect(named).toEqual(['GET /guilds/:id', 'PATCH /channels/:id', 'GET /guilds/:id', 'PATCH /channels/:id']);
  });
});
