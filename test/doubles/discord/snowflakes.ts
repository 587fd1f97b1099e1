const DISCORD_EPOCH_MS = 1_420_070_400_000;

/** Creates increasing ids of 19 digits that contain the time, like Discord. */
export class Snowflakes {
  private made = 0;

  constructor(private readonly now: () => number) {}

  next(): string {
    const sinceEpoch = BigInt(Math.floor(this.now()) - DISCORD_EPOCH_MS);
    return ((sinceEpoch << 22n) + BigInt(this.made++)).toString();
  }
}
