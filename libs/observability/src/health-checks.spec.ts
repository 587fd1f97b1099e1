import { DegradedError, HealthChecks, type HealthProbe } from './index.js';

const ok: HealthProbe = { probe: async () => undefined, whenFailing: 'failed' };

function failing(message: string, whenFailing: HealthProbe['whenFailing']): HealthProbe {
  return {
    probe: async () => {
      throw new Error(message);
    },
    whenFailing,
  };
}

describe('HealthChecks', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('is ready if all checks are ok', async () => {
    expect(await new HealthChecks({ database: ok, rabbitmq: ok }).readiness()).toEqual({
      status: 'ready',
      checks: { database: { status: 'ok' }, rabbitmq: { status: 'ok' } },
    });
  });

  it('is ready if a check is degraded', async () => {
    const health = new HealthChecks({ database: ok, rabbitmq: failing('refused', 'degraded') });
    expect(await health.readiness()).toEqual({
      status: 'ready',
      checks: { database: { status: 'ok' }, rabbitmq: { status: 'degraded', message: 'refused' } },
    });
  });

  it('is ready if a required check fails with DegradedError', async () => {
    const probe = () => Promise.reject(new DegradedError('an alarm'));
    expect(await new HealthChecks({ rabbitmq: { probe, whenFailing: 'failed' } }).readiness()).toEqual({
      status: 'ready',
      checks: { rabbitmq: { status: 'degraded', message: 'an alarm' } },
    });
  });

  it('is not ready if a check fails, and does not reveal credentials', async () => {
    const health = new HealthChecks({ database: failing('no way to postgres://u:pw@db/x\nnow', 'failed') });
    expect(await health.readiness()).toEqual({
      status: 'not_ready',
      checks: { database: { status: 'failed', message: 'no way to postgres://***@db/x now' } },
    });
  });

  it('probes at most once per second', async () => {
    const probe = jest.fn(async () => undefined);
    const health = new HealthChecks({ database: { probe, whenFailing: 'failed' } });
    await Promise.all(Array.from({ length: 50 }, () => health.readiness()));
    jest.advanceTimersByTime(999);
    await health.readiness();
    expect(probe).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1);
    await health.readiness();
    expect(probe).toHaveBeenCalledTimes(2);
  });

  it('fails if a probe does not finish, and does not start a second one', async () => {
    const probe = jest.fn(() => new Promise<void>(() => undefined));
    const health = new HealthChecks({ database: { probe, whenFailing: 'failed' } });
    const first = health.readiness();
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await first).toMatchObject({ checks: { database: { message: 'the check took longer than 2000 ms' } } });
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await health.readiness()).toMatchObject({ status: 'not_ready' });
    expect(probe).toHaveBeenCalledTimes(1);
  });
});
