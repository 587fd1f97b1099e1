import { StatisticsContract } from '#libs/contracts';
import { ACTIVITIES, plainActivity, type Activity } from './activities.js';
import { Day } from './day.js';
import type { DemoEvent } from './demo-event.js';
import { makeGuild, type MadeUpGuild } from './guild.js';
import { DAY_MS, HOUR_MS, startOfDay, weekdayFactor } from './rhythm.js';
import { makeSnapshot, SNAPSHOT_EVERY_MS } from './snapshots.js';

export interface DemoEventsOptions {
  /**
   * Another seed is another guild. Change it with the generator: the events of the new one then do not mix with those
   * that the old one left. @defaultValue the demo's
   */
  seed?: string;
  /** @defaultValue the catalogue */
  contract?: StatisticsContract;
}

/** By how much a day may differ from others of its weekday. */
const DAY_SPREAD = 0.08;

/** All events of a made-up guild, past and future. The events of a day depend only on the seed and the date. */
export class DemoEvents {
  private readonly seed: string;
  private readonly contract: StatisticsContract;
  private readonly guild: MadeUpGuild;
  private readonly activities: readonly Activity[];

  constructor({ seed = 'serverstats demo 1', contract = new StatisticsContract() }: DemoEventsOptions = {}) {
    this.seed = seed;
    this.contract = contract;
    this.guild = makeGuild(seed);
    const played = new Set(ACTIVITIES.flatMap(({ kinds }) => kinds));
    this.activities = [...ACTIVITIES, ...contract.kinds.filter(({ name }) => !played.has(name)).map(plainActivity)];
  }

  get guildId(): string {
    return this.guild.id;
  }

  /**
   * The events from `from` (inclusive) to `to` (exclusive) in their order, made while they are read.
   *
   * @param to Unix milliseconds; Infinity for all future events
   */
  *between(from: number, to: number): Generator<DemoEvent, undefined> {
    // An activity may last until the end of the next day.
    let before = this.eventsOfDay(startOfDay(from) - DAY_MS);
    for (let start = startOfDay(from); start < to; start += DAY_MS) {
      const begun = this.eventsOfDay(start);
      const isNow = ({ occurredAt }: DemoEvent) => occurredAt >= start && occurredAt < start + DAY_MS;
      const events = [...before.filter(isNow), ...begun.filter(isNow), ...this.snapshotsOfDay(start)];
      for (const event of events.toSorted(byTime)) {
        if (event.occurredAt >= to) return;
        if (event.occurredAt >= from) yield event;
      }
      before = begun;
    }
  }

  private eventsOfDay(start: number): DemoEvent[] {
    const day = new Day(this.seed, start, this.guild, this.contract);
    const factor = weekdayFactor(start) * (1 + DAY_SPREAD * day.random.normal());
    for (const { perDay, rhythm, begin } of this.activities) {
      for (const [hour, part] of rhythm.entries()) {
        for (let left = day.random.poisson(perDay * factor * part); left > 0; left--) {
          begin(day, start + Math.floor((hour + day.random.next()) * HOUR_MS));
        }
      }
    }
    return day.events;
  }

  private snapshotsOfDay(start: number): DemoEvent[] {
    return Array.from({ length: DAY_MS / SNAPSHOT_EVERY_MS }, (_, index) =>
      makeSnapshot(this.seed, this.guild, start + index * SNAPSHOT_EVERY_MS),
    );
  }
}

function byTime(a: DemoEvent, b: DemoEvent): number {
  return a.occurredAt - b.occurredAt || (a.eventId < b.eventId ? -1 : 1);
}
