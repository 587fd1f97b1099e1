import { derivedEventId, givenIdentity, type StatisticsContract } from '#libs/contracts';
import type { DemoEvent } from './demo-event.js';
import { snowflake, type MadeUpGuild } from './guild.js';
import { Random, WeightedChoice } from './random.js';
import { DAY_MS } from './rhythm.js';

/** The events that begin on one day (UTC). Everything about them depends only on the seed and the date. */
export class Day {
  readonly random: Random;
  /** Not in order. Some happen on the next day. */
  readonly events: DemoEvent[] = [];
  private readonly seed: string;

  constructor(
    seed: string,
    /** Its first millisecond. */
    readonly start: number,
    private readonly guild: MadeUpGuild,
    private readonly contract: StatisticsContract,
  ) {
    this.seed = `${seed} ${new Date(start).toISOString()}`;
    this.random = new Random(this.seed);
  }

  /** Adds an event of a statistic. @param time Unix milliseconds, before the end of the next day */
  add(kind: string, time: number, fields: Record<string, unknown>): void {
    const occurredAt = Math.min(time, this.start + 2 * DAY_MS - 1);
    const compiled = this.contract.kind(kind)!;
    const given = givenIdentity(compiled.definition);
    const body = {
      guild_id: this.guild.id,
      ...fields,
      ...(given.eventId && { event_id: derivedEventId(`${this.seed} ${this.events.length}`) }),
      ...(given.occurredAt && { occurred_at: new Date(occurredAt).toISOString() }),
    };
    const read = compiled.read(body);
    if (!read.ok) throw new Error(`the demo made an invalid ${kind}: ${JSON.stringify(read.fields)}`);
    const identity = compiled.identify(read.value, { arrivedAt: occurredAt });
    this.events.push({ name: kind, eventId: identity.eventId, occurredAt: identity.occurredAt, body });
  }

  member(): string {
    return this.guild.members.pick(this.random);
  }

  bot(): string {
    return this.guild.bots.pick(this.random);
  }

  channel(): string {
    return this.guild.channels.pick(this.random);
  }

  /** A new id. @param time when Discord made it, in Unix milliseconds */
  snowflake(time: number): string {
    return snowflake(time, this.random);
  }

  /** A delay in milliseconds, to the microsecond. */
  delay(medianMs: number): number {
    return Math.round(this.random.logNormal(medianMs, 0.6) * 1_000) / 1_000;
  }

  pickWeighted(items: readonly (readonly [item: string, weight: number])[]): string {
    return new WeightedChoice(items, ([, weight]) => weight).pick(this.random)[0];
  }
}
