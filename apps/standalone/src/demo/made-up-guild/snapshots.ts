import { derivedEventId } from '#libs/contracts';
import type { DemoEvent } from './demo-event.js';
import type { MadeUpGuild } from './guild.js';
import { Random } from './random.js';
import { busyness, DAY_MS, startOfDay, weekdayFactor } from './rhythm.js';

export const SNAPSHOT_EVERY_MS = 15 * 60_000;
/** The member count goes up and down in this time. */
const WAVE_DAYS = 47;

/** A `guild.snapshot` of this time. */
export function makeSnapshot(seed: string, guild: MadeUpGuild, occurredAt: number): DemoEvent {
  const name = `${seed} snapshot ${occurredAt}`;
  const random = new Random(name);
  const about = (count: number) => Math.max(0, Math.round(count * (1 + 0.06 * random.normal())));

  const wave = Math.sin((startOfDay(occurredAt) / DAY_MS / WAVE_DAYS) * 2 * Math.PI);
  const members = guild.memberCount + Math.round(15 * wave);
  const busy = busyness(occurredAt) * weekdayFactor(occurredAt);
  const online = Math.min(members, guild.botCount + about((members - guild.botCount) * (0.12 + 0.28 * busy)));
  const idle = Math.round(online * 0.22);
  const countsById = (count: number) =>
    Object.fromEntries(guild.roles.map(({ id, share }) => [id, Math.round(count * share)]));
  return {
    name: 'guild.snapshot',
    eventId: derivedEventId(name),
    occurredAt,
    body: {
      guild_id: guild.id,
      occurred_at: new Date(occurredAt).toISOString(),
      member_count: members,
      bot_count: guild.botCount,
      online_member_count: online,
      idle_member_count: idle,
      dnd_member_count: Math.round(online * 0.15),
      offline_member_count: members - online,
      voice_member_count: about(22 * busy),
      server_boost_count: 14 + Math.round(2 * wave),
      channel_count: guild.channelCount,
      role_count: guild.roles.length,
      role_member_counts: countsById(members),
      online_role_member_counts: countsById(online),
    },
  };
}
