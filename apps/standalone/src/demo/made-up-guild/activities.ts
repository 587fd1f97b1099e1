import { fieldIn, fieldsOf, type CompiledKind, type FieldColumn } from '#libs/contracts';
import type { Day } from './day.js';
import { ALL_DAY, EVENINGS, type DailyRhythm } from './rhythm.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Something that members do. It may cause several events, of several kinds, within 24 hours. */
export interface Activity {
  /** The kinds of its events. */
  kinds: readonly string[];
  /** How often it begins on an average day. */
  perDay: number;
  rhythm: DailyRhythm;
  /** Adds its events to the day. @param time when it begins, in Unix milliseconds */
  begin: (day: Day, time: number) => void;
}

const COMMANDS = [
  ['play', 30],
  ['rank', 18],
  ['remind', 12],
  ['meme', 11],
  ['help', 8],
  ['poll', 6],
  ['tag', 6],
  ['skip', 5],
  ['avatar', 3],
  ['giveaway', 1],
  ['warn', 1],
  ['ban', 0.2],
] as const satisfies [name: string, weight: number][];

const INVITES = [
  ['welcome', 60],
  ['reddit', 25],
  ['friends', 15],
] as const satisfies [code: string, weight: number][];

const REASONS = [
  ['left', 85],
  ['kicked', 8],
  ['banned', 5],
  ['pruned', 2],
] as const satisfies [reason: string, weight: number][];

const LABELS = ['first', 'second', 'third', 'fourth'];

/** What members of the guild do. */
export const ACTIVITIES: readonly Activity[] = [
  {
    kinds: ['message.sent'],
    perDay: 3_600,
    rhythm: ALL_DAY,
    begin: (day, time) => writeMessage(day, time, day.random.chance(0.03)),
  },
  {
    kinds: ['command.used', 'message.sent'],
    perDay: 420,
    rhythm: ALL_DAY,
    begin(day, time) {
      day.add('command.used', time, { command: day.pickWeighted(COMMANDS), user_id: day.member() });
      // The bot answers.
      writeMessage(day, time + day.random.integer(200, 2_500), true);
    },
  },
  {
    kinds: ['reminder.created', 'reminder.deleted'],
    perDay: 45,
    rhythm: ALL_DAY,
    begin(day, time) {
      const user_id = day.member();
      day.add('reminder.created', time, { user_id });
      const isDeleted = day.random.chance(0.6);
      if (isDeleted) day.add('reminder.deleted', time + day.random.integer(5 * MINUTE_MS, 20 * HOUR_MS), { user_id });
    },
  },
  {
    kinds: ['giveaway.created', 'giveaway.responded', 'giveaway.deleted'],
    perDay: 0.9,
    rhythm: EVENINGS,
    begin(day, time) {
      const user_id = day.member();
      const old_giveaway_id = day.snowflake(time);
      const lastsMs = day.random.pick([2, 6, 20]) * HOUR_MS;
      day.add('giveaway.created', time, { user_id });
      for (let left = day.random.integer(25, 140); left > 0; left--) {
        // Most respond soon.
        const respondedAt = time + Math.floor(day.random.next() ** 3 * lastsMs);
        day.add('giveaway.responded', respondedAt, { old_giveaway_id, user_id: day.member() });
      }
      day.add('giveaway.deleted', time + lastsMs + MINUTE_MS, { user_id });
    },
  },
  {
    kinds: ['tempchannel.created', 'tempchannel.creation_timed', 'tempchannel.deletion_timed'],
    perDay: 42,
    rhythm: EVENINGS,
    begin(day, time) {
      const initial_creator_id = day.member();
      const createdAt = time + day.random.integer(100, 900);
      const deletedAt = createdAt + day.random.integer(4 * MINUTE_MS, 5 * HOUR_MS);
      day.add('tempchannel.created', createdAt, { initial_creator_id });
      day.add('tempchannel.creation_timed', createdAt, { initial_creator_id, creation_time_delay: day.delay(340) });
      day.add('tempchannel.deletion_timed', deletedAt, { initial_creator_id, deletion_time_delay: day.delay(180) });
    },
  },
  {
    kinds: ['reactionrole.check_timed'],
    perDay: 60,
    rhythm: ALL_DAY,
    begin: (day, time) => day.add('reactionrole.check_timed', time, { check_time_delay: day.delay(90) }),
  },
  {
    kinds: ['tag.send_timed'],
    perDay: 110,
    rhythm: ALL_DAY,
    begin: (day, time) => day.add('tag.send_timed', time, { send_time_delay: day.delay(140) }),
  },
  {
    kinds: ['autoresponder.response_timed'],
    perDay: 160,
    rhythm: ALL_DAY,
    begin: (day, time) => day.add('autoresponder.response_timed', time, { response_time_delay: day.delay(60) }),
  },
  {
    kinds: ['member.joined'],
    perDay: 21,
    rhythm: ALL_DAY,
    begin: (day, time) =>
      day.add('member.joined', time, {
        ...{ user_id: day.snowflake(time - day.random.integer(1, 1_500) * DAY_MS), joined_at: isoTime(time) },
        ...(day.random.chance(0.9) && { invite_code: day.pickWeighted(INVITES), inviter_id: day.member() }),
        member_is_bot: false,
      }),
  },
  {
    kinds: ['member.left'],
    perDay: 15,
    rhythm: ALL_DAY,
    begin(day, time) {
      const stayMs = Math.min(day.random.logNormal(9 * DAY_MS, 2), 1_500 * DAY_MS);
      day.add('member.left', time, {
        user_id: day.snowflake(time - 1_600 * DAY_MS),
        joined_at: isoTime(time - Math.round(stayMs)),
        member_is_bot: false,
        reason: day.pickWeighted(REASONS),
      });
    },
  },
  {
    kinds: ['message.deleted'],
    perDay: 55,
    rhythm: ALL_DAY,
    begin(day, time) {
      const user_id = day.member();
      day.add('message.deleted', time, {
        ...{ channel_id: day.channel(), user_id, member_is_bot: false },
        message_id: day.snowflake(time - Math.round(day.random.logNormal(4 * MINUTE_MS, 2.5))),
        deleted_by: day.random.chance(0.8) ? user_id : day.member(),
      });
    },
  },
];

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

/** An activity that causes one event of this kind, for kinds that none of the others causes. */
export function plainActivity({ name, definition }: CompiledKind): Activity {
  const valueIn: Record<FieldColumn, (day: Day, time: number) => unknown> = {
    user_id: (day) => day.member(),
    actor_id: (day) => day.member(),
    channel_id: (day) => day.channel(),
    message_id: (day, time) => day.snowflake(time),
    label: (day) => day.random.pick(LABELS),
    value: (day) => day.delay(200),
    occurred_at: (_, time) => new Date(time).toISOString(),
    since: (day, time) => new Date(time - day.delay(30 * 24 * HOUR_MS)).toISOString(),
    is_bot: () => false,
  };
  return {
    kinds: [name],
    perDay: 40,
    rhythm: ALL_DAY,
    begin(day, time) {
      const fields = fieldsOf(definition).map(({ name: field, column, words }) => [
        field,
        words === undefined ? valueIn[column](day, time) : day.random.pick(words),
      ]);
      const hasOptionalUser = definition.optionalUser && fieldIn(definition, 'user_id') === undefined;
      day.add(name, time, { ...Object.fromEntries(fields), ...(hasOptionalUser && { user_id: day.member() }) });
    },
  };
}

function writeMessage(day: Day, time: number, isBot: boolean): void {
  day.add('message.sent', time, {
    member_is_bot: isBot,
    channel_id: day.channel(),
    message_id: day.snowflake(time),
    user_id: isBot ? day.bot() : day.member(),
  });
}
