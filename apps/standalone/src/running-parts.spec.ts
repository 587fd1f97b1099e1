import { type Part, RunningParts } from './running-parts.js';

describe('RunningParts', () => {
  let said: string[];
  let ended: string[];
  let parts: RunningParts;

  beforeEach(() => {
    said = [];
    ended = [];
    parts = new RunningParts((line) => said.push(line));
  });

  const part = (name: string, overrides: Partial<Part> = {}): Part => ({
    name,
    stop: async () => void ended.push(name),
    stopAtOnce: async () => void ended.push(`${name} at once`),
    stopWithinMs: 1_000,
    ...overrides,
  });

  it('stops the parts in reverse order', async () => {
    for (const name of ['Postgres', 'RabbitMQ', 'query']) parts.add(part(name));
    await parts.stop();
    expect(ended).toEqual(['query', 'RabbitMQ', 'Postgres']);
  });

  it('continues after a part that fails to stop, and reports it', async () => {
    parts.add(part('Postgres'));
    parts.add(part('query', { stop: () => Promise.reject(new Error('no')) }));
    await parts.stop();
    expect(ended).toEqual(['Postgres']);
    expect(said).toEqual(['query failed to stop: no']);
  });

  it('stops a part immediately if it takes too long', async () => {
    parts.add(part('Postgres'));
    parts.add(part('RabbitMQ', { stop: () => new Promise(() => undefined), stopWithinMs: 10 }));
    await parts.stop();
    expect(ended).toEqual(['RabbitMQ at once', 'Postgres']);
    expect(said).toEqual(['RabbitMQ did not stop within 0.01 s']);
  });

  it('stops everything immediately during an orderly stop, which then waits for that', async () => {
    parts.add(part('Postgres', { stop: () => new Promise(() => undefined) }));
    let endBroker: () => void = () => undefined;
    parts.add(part('RabbitMQ', { stop: () => new Promise((resolve) => (endBroker = resolve)) }));
    const stopping = parts.stop();
    await parts.stopAtOnce();
    endBroker();
    await stopping;
    expect(ended).toEqual(['Postgres at once', 'RabbitMQ at once']);
  });

  it('stops each part once', async () => {
    parts.add(part('Postgres'));
    await parts.stop();
    await parts.stop();
    await parts.stopAtOnce();
    expect(ended).toEqual(['Postgres']);
  });
});
