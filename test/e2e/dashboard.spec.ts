import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { DiscordDouble } from '../doubles/discord/index.js';
import type { ApiClient } from '../harness/api-client.js';
import { CHROMIUM, complaintsOf, launchChromium, logInWithKey } from '../harness/chromium.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import { SERVICE_KEY, type ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONE = 'Europe/Amsterdam';
const ENVIRONMENT = { RETENTION_DAYS: '400', SUMMARY_RETENTION_DAYS: '400' };
/** A kind of one's own, which the dashboard has never heard of. */
const OWN_STATISTICS = {
  switches: { stats_tickets_enabled: { description: 'Collect tickets' } },
  kinds: {
    'ticket.closed': {
      title: 'A ticket was closed',
      record_path: 'stats/tickets/closed',
      switch: 'stats_tickets_enabled',
      optional_user: true,
      fields: { topic: 'label', open_time: 'value' },
    },
  },
};
/** `DASHBOARD_SHOTS=<folder>` writes pictures of the pages into it. */
const SHOTS = process.env.DASHBOARD_SHOTS;

const dayFormat = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE });
/** YYYY-MM-DD. */
const localDay = (instant: number) => dayFormat.format(instant);

interface Summary {
  total: number;
  series: { bucket: string; count: number }[];
}

(CHROMIUM === undefined ? describe.skip : describe)('the dashboard', () => {
  const now = Date.now();
  const ids = new SnowflakeSource(now);
  const changeDay = lastChangeOfClocks(now);
  let system: TestSystem;
  let discord: DiscordDouble;
  let service: ServiceProcess;
  let api: ApiClient;
  let publisher: Publisher;
  let browser: Browser;
  let folder: string;
  let guild: string;
  let key: string;
  let otherGuild: string;

  beforeAll(async () => {
    [system, discord, browser] = await Promise.all([TestSystem.create(), DiscordDouble.start(), launchChromium()]);
    folder = await mkdtemp(join(tmpdir(), 'serverstats-dashboard-'));
    await writeFile(ownStatistics(), JSON.stringify(OWN_STATISTICS));
    await Promise.all([
      startQuery(),
      system.startIngestion({ env: { ...ENVIRONMENT, STATISTICS_FILE: ownStatistics() } }),
    ]);
    publisher = await system.connectPublisher();
    guild = discord.state.addGuild({ name: 'The Lantern Club' }).id;
    otherGuild = discord.state.addGuild({ name: 'Owls' }).id;
    const changes = { stats_tickets_enabled: true, stats_modules_tags_statistics_enabled: false };
    for (const one of [guild, otherGuild]) await api.openGuild(one, changes);
    key = await makeKey(guild);
    await collectedSince(now - 390 * DAY);
    await publishEvents();
  });
  afterAll(async () => {
    await browser?.close();
    await publisher?.close();
    await system?.close();
    await discord?.close();
    await rm(folder, { recursive: true });
  });

  const ownStatistics = () => join(folder, 'statistics.json');

  const startQuery = async (env: Record<string, string> = {}) => {
    const ofDiscord = { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.url };
    const variables = { ...ofDiscord, ...ENVIRONMENT, STATISTICS_FILE: ownStatistics(), ...env };
    ({ service, api } = await system.startQuery({ env: variables }));
  };

  const makeKey = async (guild_id: string) => {
    const { data } = await api.request<{ key: string }>('/auth/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ guild_id, name: 'dashboard', access: 'read' }),
    });
    return data.key;
  };

  /** Moves the start of all collection back. Messages get a hole of a day, which ended two days ago. */
  const collectedSince = async (began: number) => {
    const time = (ms: number) => new Date(ms).toISOString();
    await system.database.query('UPDATE collection_periods SET began_at = $1', [time(began)]);
    const messages = [guild, 'stats_message_statistics'];
    await system.database.query(`UPDATE collection_periods SET began_at = $3 WHERE guild_id = $1 AND name = $2`, [
      ...messages,
      time(now - 2 * DAY),
    ]);
    await system.database.query(
      `INSERT INTO collection_periods (guild_id, name, began_at, ended_at) VALUES ($1, $2, $3, $4)`,
      [...messages, time(began), time(now - 3 * DAY)],
    );
  };

  const publishEvents = async () => {
    const users = ['Marisol', 'tobi.exe', 'Ελένη', 'lantern-keeper'].map(
      (globalName) => discord.state.addUser({ globalName }).id,
    );
    for (const userId of users) discord.state.addMember({ guildId: guild, userId });
    const channels = ['general', 'game-night', 'café'].map(
      (name) => discord.state.addChannel({ guildId: guild, name }).id,
    );
    channels.push(ids.next(300 * DAY));
    const messages = times(changeDay, changeDay + 25 * HOUR, 60)
      .concat(times(now - 29 * DAY, now - 3 * DAY, 900), times(now - 2 * DAY, now - 60_000, 200))
      .filter((at) => at < now - 3 * DAY || at > now - 2 * DAY)
      .map((at, index) => ({
        guild_id: guild,
        channel_id: channels[skewed(index, channels.length)],
        message_id: ids.at(at),
        member_is_bot: false,
        user_id: index % 9 === 0 ? undefined : users[skewed(index * 7, users.length)],
      }));
    const other = (count: number, fields: (index: number) => object) =>
      times(now - 20 * DAY, now - 120_000, count).map((at, index) => ({
        guild_id: guild,
        event_id: randomUUID(),
        occurred_at: new Date(at).toISOString(),
        ...fields(index),
      }));
    const user = (index: number) => users[skewed(index, users.length)];
    const joins = times(now - 20 * DAY, now - 120_000, 40).map((at, index) => ({
      guild_id: guild,
      user_id: ids.next(300 * DAY),
      joined_at: new Date(at).toISOString(),
      inviter_id: user(index),
    }));
    const published = {
      'message.sent': messages,
      'member.joined': joins,
      'reminder.created': other(64, (index) => ({ user_id: user(index) })),
      'giveaway.responded': other(189, (index) => ({ user_id: user(index), old_giveaway_id: 'a lantern' })),
      'tempchannel.created': other(118, (index) => ({ initial_creator_id: user(index) })),
      'ticket.closed': other(30, (index) => ({
        topic: ['billing', 'abuse'][skewed(index, 2)],
        open_time: index + 0.5,
      })),
      'command.used': other(300, (index) => ({ command: ['play', 'rank', 'poll'][skewed(index, 3)] })),
      'autoresponder.response_timed': other(120, (index) => ({
        response_time_delay: 80 + ((index * 37) % 400) + 0.125,
      })),
    };
    for (const [kind, events] of Object.entries(published)) {
      for (let at = 0; at < events.length; at += 100) await publisher.publish(kind, events.slice(at, at + 100));
    }
    await untilStored(Object.values(published).flat().length);
  };

  const untilStored = (count: number) =>
    waitFor(async () => (await system.count('statistic_events')) >= count, { what: 'the events', timeoutMs: 30_000 });

  const newContext = async (options: BrowserContextOptions = {}, withKey: string | undefined = key) => {
    const context = await browser.newContext({ timezoneId: ZONE, viewport: { width: 1440, height: 900 }, ...options });
    if (withKey !== '') await logInWithKey(context, service.url, withKey);
    return context;
  };

  const open = async (page: Page, path: string) => {
    await page.goto(service.url + path);
    await untilReady(page);
  };

  const totalOn = (page: Page, kind: string) =>
    page.locator(`main [data-kind="${kind}"]`).getAttribute('data-total').then(Number);

  it('shows the numbers of the API, also on a day on which the clocks change', async () => {
    const context = await newContext();
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    const day = localDay(changeDay);
    const bars: number[] = [];
    for (const [search, query] of [
      ['days=30', { days: 30 }],
      [`from=${day}&to=${day}`, { from: new Date(changeDay).toISOString(), to: endOfDay(changeDay) }],
    ] as const) {
      const where = { guild_id: guild, ...query, timezone: ZONE, interval: 'hour' };
      await open(page, `/g/${guild}?${search}&tz=${ZONE}&interval=hour`);
      const { data: overview } = await api.get<{ kinds: { kind: string; enabled: boolean; total: number }[] }>(
        'stats/overview',
        { guild_id: guild, ...query },
      );
      const tiles = await page
        .locator('main .tile')
        .evaluateAll((all) => all.map((tile) => ({ ...(tile as HTMLElement).dataset })));
      expect(tiles).toEqual(
        overview.kinds.filter(({ enabled }) => enabled).map(({ kind, total }) => ({ kind, total: String(total) })),
      );
      const { data: summary } = await api.get<Summary>('stats/message/summary', where);
      expect(summary.total).toBeGreaterThan(0);
      await open(page, `/g/${guild}/s/message.sent?${search}&tz=${ZONE}&interval=hour`);
      expect(await totalOn(page, 'message.sent')).toBe(summary.total);
      await page.getByRole('button', { name: /^Table: Messages per hour/ }).click();
      const counts = await page.locator('.plot-tall tbody tr td:nth-child(2)').allTextContents();
      const shown = summary.series.map(({ count }) => count);
      expect(counts.map((text) => (text === '–' ? 0 : Number(text.replaceAll(',', ''))))).toEqual(shown);
      bars.push(counts.length);
    }
    // The 30 days begin and end within an hour.
    expect(bars).toEqual([30 * 24 + 1, (Date.parse(endOfDay(changeDay)) - changeDay) / HOUR]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('shows a hole of the collection as a hole, names for ids, and records page by page', async () => {
    const context = await newContext();
    const page = await context.newPage();
    await open(page, `/g/${guild}/s/message.sent?days=7&tz=${ZONE}`);
    expect(await page.locator('.plot-tall svg .hole').count()).toBeGreaterThan(0);
    const channels = page.locator('.ranked tbody th');
    await page.getByRole('link', { name: 'Channels', exact: true }).click();
    await page.waitForURL(/group=channel/);
    await untilReady(page);
    await waitFor(async () => (await channels.first().textContent()) === '# general', {
      what: 'the name of a channel',
    });
    expect(await channels.last().textContent()).toMatch(/^\d+deleted or hidden$/);
    const first = await page.locator('.records tbody tr').allTextContents();
    await page.getByRole('button', { name: 'Older' }).click();
    await untilReady(page);
    const second = await page.locator('.records tbody tr').allTextContents();
    expect([first.length, second.length]).toEqual([25, 25]);
    const { data } = await api.get<{ message_id: string }[]>('stats/message/view', { guild_id: guild, days: 7 });
    expect(second[0]).toContain(data[25]!.message_id);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV: Records: Messages' }).click(),
    ]);
    const csv = await readFile(await download.path(), 'utf8');
    expect(csv.trim().split('\n')).toHaveLength(data.length + 1);
    await context.close();
  });

  it('has a page of a kind that it does not know, and says of one that is off that nothing was collected', async () => {
    const context = await newContext();
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await open(page, `/g/${guild}?days=30&tz=${ZONE}`);
    await page.getByRole('link', { name: 'A ticket was closed' }).first().click();
    await page.waitForURL((url) => url.pathname === `/g/${guild}/s/ticket.closed`);
    await untilReady(page);
    // The keyboard goes on in the new page.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    expect(await totalOn(page, 'ticket.closed')).toBe(30);
    expect(await page.getByRole('columnheader', { name: 'Open time (ms)' }).count()).toBe(1);
    await page.getByRole('link', { name: 'Topic', exact: true }).click();
    await page.getByRole('heading', { name: 'Top topic' }).waitFor();
    await page.locator('[data-state="ready"] .ranked').getByText('billing').waitFor();
    await open(page, `/g/${guild}/s/tag.send_timed?days=30&tz=${ZONE}`);
    expect(await page.locator('.plot-tall').locator('..').getAttribute('data-state')).toBe('off');
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('can be used with the keyboard alone, from the login with a key to the values of a chart', async () => {
    const context = await newContext({}, '');
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(`${service.url}/g/${guild}?days=30&tz=${ZONE}`);
    await page.getByLabel('API key').focus();
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('This key is not valid.').waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(key);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${service.url}/g/${guild}?days=30&tz=${ZONE}`);
    await untilReady(page);
    expect(await page.title()).toBe('Overview · The Lantern Club · Serverstats');
    const slider = page.locator('.value-slider').first();
    for (let tabs = 0; !(await slider.evaluate((one) => one === document.activeElement)); tabs++) {
      expect(tabs).toBeLessThan(60);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Home');
    const said = await slider.getAttribute('aria-valuetext');
    await page.keyboard.press('ArrowRight');
    expect(said).toMatch(/: \d+ messages?/);
    expect(await slider.getAttribute('aria-valuetext')).not.toBe(said);
    await page.getByRole('button', { name: 'Log out' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${service.url}/login`);
    await page.goto(`${service.url}/`);
    await page.waitForURL(`${service.url}/login`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('says why a login with Discord failed', async () => {
    const context = await newContext({}, '');
    const page = await context.newPage();
    await page.goto(`${service.url}/login?error=denied`);
    await page.getByText('You did not allow the login at Discord.').waitFor();
    // Not configured here.
    expect(await page.getByRole('link', { name: 'Log in with Discord' }).count()).toBe(0);
    await context.close();
  });

  it('shows nothing of a guild to the key of another guild, and all guilds to the service key', async () => {
    const context = await newContext({}, await makeKey(otherGuild));
    const page = await context.newPage();
    await page.goto(`${service.url}/g/${guild}/s/message.sent`);
    await page.getByRole('heading', { name: 'You cannot see this server' }).waitFor();
    expect(await page.content()).not.toContain('Lantern');
    await page.goto(`${service.url}/`);
    await page.waitForURL((url) => url.pathname === `/g/${otherGuild}`);
    const everything = await newContext({}, SERVICE_KEY);
    const list = await everything.newPage();
    await list.goto(`${service.url}/`);
    await list.getByRole('link', { name: 'The Lantern Club' }).click();
    await untilReady(list);
    expect(new URL(list.url()).pathname).toBe(`/g/${guild}`);
    await Promise.all([context.close(), everything.close()]);
  });

  describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
    it.each([390, 1440])(
      'has no complaints, no sideways scrolling, no moving parts and no findings of axe at %i px',
      async (width) => {
        const axe = await readFile(
          createRequire(join(process.cwd(), 'package.json')).resolve('axe-core/axe.min.js'),
          'utf8',
        );
        // The policy of the page forbids what axe does. The other tests look at the page as it is served.
        const context = await newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
        const page = await context.newPage();
        const complaints = complaintsOf(page);
        const found: string[] = [];
        await page.addInitScript(watchLayout);
        const paths = {
          overview: `/g/${guild}?days=30&tz=${ZONE}`,
          messages: `/g/${guild}/s/message.sent?days=7&tz=${ZONE}`,
          responses: `/g/${guild}/s/autoresponder.response_timed?days=30&tz=${ZONE}`,
          forbidden: `/g/${otherGuild}`,
          login: '/login',
        };
        for (const [name, path] of Object.entries(paths)) {
          if (name === 'login') await context.clearCookies();
          await open(page, path);
          const over = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          if (over > 0) found.push(`${name} is ${over} px too wide`);
          const shift = await page.evaluate(() => (window as unknown as { shift: number }).shift);
          if (shift > 0.02) found.push(`${name} has moved while it was loaded, by ${shift}`);
          if (SHOTS !== undefined) await shoot(page, `${name}-${colorScheme}-${width}`);
          await page.evaluate(axe);
          for (const { id, nodes } of await page.evaluate(runAxe)) found.push(`${name}: ${id}: ${nodes.join(' ')}`);
        }
        expect([...complaints, ...found]).toEqual([]);
        await context.close();
      },
    );
  });

  it('follows new events within 10 seconds, keeps its data while the service is away, and goes on after it', async () => {
    const context = await newContext();
    const page = await context.newPage();
    await open(page, `/g/${guild}?days=7&tz=${ZONE}`);
    const before = await totalOn(page, 'command.used');
    await publisher.publish('command.used', {
      guild_id: guild,
      command: 'play',
      event_id: randomUUID(),
      occurred_at: new Date().toISOString(),
    });
    await waitFor(async () => (await totalOn(page, 'command.used')) === before + 1, {
      what: 'the new event',
      timeoutMs: 10_000,
    });

    const { port } = new URL(service.url);
    await service.stop();
    await page.locator('.live.away').waitFor({ timeout: 15_000 });
    expect(await totalOn(page, 'command.used')).toBe(before + 1);
    await startQuery({ QUERY_PORT: port });
    await page.locator('.live.on').waitFor({ timeout: 20_000 });
    await context.close();
  });

  it('reads nothing while it is hidden', async () => {
    const context = await newContext();
    const page = await context.newPage();
    await page.clock.install();
    await open(page, `/g/${guild}?days=7&tz=${ZONE}`);
    let requests = 0;
    page.on('request', () => requests++);
    const show = (state: 'hidden' | 'visible') =>
      page.evaluate((visibilityState) => {
        Object.defineProperty(document, 'visibilityState', { value: visibilityState, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    await show('hidden');
    await page.clock.runFor(60_000);
    expect(requests).toBe(0);
    await show('visible');
    await waitFor(() => requests > 0, { what: 'a request of the visible page' });
    await context.close();
  });
});

async function untilReady(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('[data-state="loading"]'));
  await page.waitForFunction(() => !document.querySelector('.skeleton'));
}

interface Finding {
  id: string;
  nodes: string[];
}

/** Runs in the page. */
async function runAxe(): Promise<Finding[]> {
  const { axe } = window as unknown as {
    axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
  };
  const { violations } = await axe.run();
  return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html.slice(0, 120)) }));
}

/** Runs in the page, before anything else. */
function watchLayout(): void {
  const measured = window as unknown as { shift: number };
  measured.shift = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) measured.shift += (entry as unknown as { value: number }).value;
  });
  observer.observe({ type: 'layout-shift', buffered: true });
}

async function shoot(page: Page, name: string): Promise<void> {
  const { width } = page.viewportSize()!;
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height });
  await page.screenshot({ path: join(SHOTS!, `${name}.png`) });
  await page.setViewportSize({ width, height: 900 });
}

/** Times between two times, not evenly. */
function times(from: number, to: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, index) => from + ((index * 0.618 + Math.sin(index) * 0.05 + 1) % 1) * (to - from),
  )
    .map(Math.floor)
    .toSorted((a, b) => a - b);
}

/** Smaller results are more frequent. */
const skewed = (index: number, count: number) => Math.floor(((index * 0.618) % 1) ** 2 * count);

/** The start of the last local day that has not 24 hours. Amsterdam is a whole number of hours from UTC. */
function lastChangeOfClocks(now: number): number {
  for (let hour = Math.floor(now / HOUR) - 24 * 3; ; hour--) {
    const start = hour * HOUR;
    const isStart = localDay(start) !== localDay(start - HOUR);
    if (isStart && Date.parse(endOfDay(start)) - start !== DAY) return start;
  }
}

function endOfDay(start: number): string {
  let end = start;
  while (localDay(end) === localDay(start)) end += HOUR;
  return new Date(end).toISOString();
}
