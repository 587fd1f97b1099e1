import { DISCORD_EPOCH_MS } from '#libs/contracts';
import { Random, WeightedChoice } from './random.js';

const MEMBERS = 420;
const BOTS = 5;
const FOUNDED = Date.UTC(2021, 2, 14, 17, 22);
const FIRST_ACCOUNTS = Date.UTC(2016, 0, 1);
const NEWEST_ACCOUNTS = Date.UTC(2025, 5, 1);
/** general, off-topic, memes … Their weights: the first has a third of the messages, the last hardly any. */
const CHANNEL_WEIGHTS = [34, 16, 12, 9, 7, 6, 5, 4, 3, 2, 1.5, 0.5];
const ROLES = 6;

/** The ids of a guild, of what is in it, and how often each takes part. */
export interface MadeUpGuild {
  id: string;
  channels: WeightedChoice<string>;
  members: WeightedChoice<string>;
  bots: WeightedChoice<string>;
  memberCount: number;
  botCount: number;
  channelCount: number;
  /** Roles, and the part of the members that has each of them. */
  roles: { id: string; share: number }[];
}

/** Makes up the guild of a seed. */
export function makeGuild(seed: string): MadeUpGuild {
  const random = new Random(`${seed} guild`);
  const id = snowflake(FOUNDED, random);
  const channels = CHANNEL_WEIGHTS.map((weight, index) => ({
    id: snowflake(FOUNDED + index * random.integer(1, 90) * 86_400_000, random),
    weight,
  }));
  // A few members write most of what is written.
  const members = people(MEMBERS - BOTS, random, () => random.logNormal(1, 1.4));
  const bots = people(BOTS, random, () => random.next() + 0.1);
  const roles = Array.from({ length: ROLES }, (_, index) => ({
    id: snowflake(FOUNDED + index * 3_600_000, random),
    share: 0.6 / (index + 1) ** 1.3,
  }));
  const choice = (all: { id: string; weight: number }[]) => {
    const weights = new Map(all.map((one) => [one.id, one.weight]));
    return new WeightedChoice([...weights.keys()], (one) => weights.get(one)!);
  };
  return {
    id,
    channels: choice(channels),
    members: choice(members),
    bots: choice(bots),
    memberCount: MEMBERS,
    botCount: BOTS,
    channelCount: channels.length,
    roles,
  };
}

/** An id as Discord makes them: the time in Unix milliseconds, and 22 bits that look random. */
export function snowflake(time: number, random: Random): string {
  return String((BigInt(time - DISCORD_EPOCH_MS) << 22n) | BigInt(random.integer(0, 0x3fffff)));
}

function people(count: number, random: Random, weight: () => number): { id: string; weight: number }[] {
  return Array.from({ length: count }, () => ({
    id: snowflake(random.integer(FIRST_ACCOUNTS, NEWEST_ACCOUNTS), random),
    weight: weight(),
  }));
}
