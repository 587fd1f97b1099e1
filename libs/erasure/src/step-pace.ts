/** How many rows one transaction erases at most. */
export interface ErasureStepSizes {
  /** Events of a member: each is written anew. */
  memberEvents: number;
  /** Rows of a guild: each is deleted. */
  guildRows: number;
}

const SMALLEST_PART = 64;

/** How many rows a step erases: less and less while the lock table of Postgres is full, and then more again. */
export class StepPace {
  private part = 1;

  constructor(private readonly full: ErasureStepSizes) {}

  get sizes(): ErasureStepSizes {
    const { memberEvents, guildRows } = this.full;
    return {
      memberEvents: Math.max(1, Math.floor(memberEvents / this.part)),
      guildRows: Math.max(1, Math.floor(guildRows / this.part)),
    };
  }

  halve(): void {
    this.part = Math.min(SMALLEST_PART, 2 * this.part);
  }

  recover(): void {
    this.part = Math.max(1, this.part / 2);
  }
}
