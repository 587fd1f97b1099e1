import { MINUTE_MS, PanelsSystem } from './panels-system.js';

const GUILDS = 50;
const DAY_MINUTES = 24 * 60;

describe('counter panels over a day', () => {
  let system: PanelsSystem;

  beforeAll(async () => {
    system = await PanelsSystem.create();
    await system.addWorker();
    await system.addWorker();
  });
  afterAll(() => system?.close());

  it("never meet Discord's limit of renames, and are at most some ten minutes late", async () => {
    const guilds = [];
    for (let i = 0; i < GUILDS; i++) guilds.push(await system.addGuild());
    // The count is the minute, so that every name tells how old it is. Boosts stay, online changes with it.
    for (let minute = 1; minute <= DAY_MINUTES; minute++) {
      for (const { id } of guilds) {
        Object.assign(system.discord.state.guild(id), { memberCount: minute, presenceCount: minute });
      }
      await system.pass(1);
      // A bot that asks for a refresh now and then, at the worst of times.
      if (minute % 7 === 0) await system.workers[minute % 2]!.request(guilds[minute % GUILDS]!.id);
    }
    const answers = new Map<number | undefined, number>();
    for (const { status } of system.discord.requests) answers.set(status, (answers.get(status) ?? 0) + 1);
    expect([...answers.keys()].toSorted()).toEqual([200]);
    // Members and online, every ten minutes, and the boosts once.
    expect(system.discord.requestsOf('PATCH /channels/{channel_id}').length).toBeGreaterThan(
      GUILDS * (2 * (DAY_MINUTES / 10 - 2) + 1),
    );
    const oldest = guilds.flatMap(({ members, online }) => [members, online]).map((channel) => age(channel.id));
    expect(Math.max(...oldest)).toBeLessThanOrEqual(11);
    // Nobody waits for anybody.
    expect(system.clock.sleeping.filter((ms) => ms < MINUTE_MS / 6)).toEqual([]);
  }, 600_000);

  function age(channelId: string): number {
    return DAY_MINUTES - Number(/\d+$/.exec(system.discord.state.channel(channelId).name)?.[0]);
  }
});
