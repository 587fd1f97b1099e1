import { PanelsSystem, type GuildWithPanels } from '../counter-panels/panels-system.js';
import type { StoredChannel } from '../doubles/discord/index.js';

const GUILDS = 50;
/** Guilds whose members come and go all the time, too; elsewhere only their number changes. */
const BUSY_GUILDS = 10;
/** `npm run soak` takes the whole day. */
const HOURS = process.env.SOAK_SECONDS === undefined ? 1 : 24;
const MINUTES = HOURS * 60;

describe('counter panels over hours', () => {
  let system: PanelsSystem;

  beforeAll(async () => {
    system = await PanelsSystem.create();
    await system.addWorker();
    await system.addWorker();
  });
  afterAll(() => system?.close());

  /** The counts are the minute, so that every name tells how old it is. */
  const setCounts = (guilds: readonly GuildWithPanels[], minute: number) =>
    system.database.query(
      `UPDATE guild_snapshots SET occurred_at = $3, counts = counts || jsonb_strip_nulls(jsonb_build_object(
         'member_count', $1::int, 'online_member_count', CASE WHEN guild_id = ANY ($2) THEN $1::int END))`,
      [minute, guilds.slice(0, BUSY_GUILDS).map(({ id }) => id), new Date(system.clock.now())],
    );
  const age = ({ id }: { id: string }) => MINUTES - Number(/\d+$/.exec(system.discord.state.channel(id).name)?.[0]);

  it(
    "never meet Discord's limit of renames, and are at most some ten minutes late",
    async () => {
      const guilds: GuildWithPanels[] = [];
      for (let i = 0; i < GUILDS; i++) {
        const guild = await system.addGuild();
        await system.addSnapshot(guild.id, { boosts: 3 });
        guilds.push(guild);
      }
      // Where online is not counted it is not shown either.
      await system.database.query(`DELETE FROM counters WHERE type = 'online' AND guild_id <> ALL ($1)`, [
        guilds.slice(0, BUSY_GUILDS).map(({ id }) => id),
      ]);
      const counters: StoredChannel[] = [];
      for (const guild of guilds.slice(0, BUSY_GUILDS)) {
        counters.push(await system.addMembersCounter(guild, '<remaining> to go: <value>', MINUTES / 2));
      }
      for (let minute = 1; minute <= MINUTES; minute++) {
        await setCounts(guilds, minute);
        await system.pass(1);
        // A bot that asks for a refresh now and then, at the worst of times, more often than Discord would allow.
        if (minute % 3 === 0) await system.workers[minute % 2]!.request(guilds[minute % 7]!.id);
      }
      const answers = new Set(system.discord.requests.map(({ status }) => status));
      expect([...answers]).toEqual([200]);
      const renames = system.discord.requestsOf('PATCH /channels/{channel_id}');
      const changing = GUILDS + 2 * BUSY_GUILDS;
      expect(renames.length).toBeGreaterThan(changing * (MINUTES / 10 - 2) + GUILDS);
      const shown = [
        ...guilds.map(({ members }) => members),
        ...guilds.slice(0, BUSY_GUILDS).map(({ online }) => online),
        ...counters,
      ];
      expect(Math.max(...shown.map(age))).toBeLessThanOrEqual(11);
    },
    HOURS * 120_000,
  );
});
