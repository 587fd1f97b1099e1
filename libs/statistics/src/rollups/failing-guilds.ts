const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

/** Guilds whose rollups could not be computed. Each is left alone for a pause that doubles with every failure. */
export class FailingGuilds {
  private readonly pauses = new Map<string, { ms: number; until: number }>();

  /** @param now Unix milliseconds, as everywhere here */
  isPaused(guildId: string, now: number): boolean {
    return (this.pauses.get(guildId)?.until ?? now) > now;
  }

  add(guildId: string, now: number): void {
    const ms = Math.min(LONGEST_PAUSE_MS, 2 * (this.pauses.get(guildId)?.ms ?? FIRST_PAUSE_MS / 2));
    this.pauses.set(guildId, { ms, until: now + ms });
  }

  remove(guildIds: readonly string[]): void {
    for (const guildId of guildIds) this.pauses.delete(guildId);
  }

  /** Forgets guilds that have nothing to be computed any more: they were erased. */
  keepOnly(guildIds: ReadonlySet<string>): void {
    for (const guildId of this.pauses.keys()) if (!guildIds.has(guildId)) this.pauses.delete(guildId);
  }
}
