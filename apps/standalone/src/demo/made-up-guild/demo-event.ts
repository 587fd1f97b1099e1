/** An event of the made-up guild, as a bot would publish it. */
export interface DemoEvent {
  /** The name of the kind, or `guild.snapshot`; the routing key. */
  name: string;
  /** A UUID. The same event always has the same. */
  eventId: string;
  /** Unix milliseconds. */
  occurredAt: number;
  body: Record<string, unknown>;
}
