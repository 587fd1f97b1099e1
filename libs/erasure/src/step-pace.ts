/** The maximum number of rows that one transaction erases. */
export interface ErasureStepSizes {
  /** Events of a member, which are updated. */
  memberEvents: number;
  /** Rows of a guild, which are deleted. */
  guildRows: number;
}

const MAX_DIVISOR = 64;

/** How many rows a step erases. The number shrinks while Postgres's lock table is full, and grows again after that. */
export class StepPace {
  private divisor = 1;

  constructor(private readonly full: ErasureStepSizes) {}

  get sizes(): ErasureStepSizes {
    const { memberEvents, guildRows } = this.full;
    return {
      memberEvents: Math.max(1, Math.floor(memberEvents / this.divisor)),
      guildRows: Math.max(1, Math.floor(guildRows / this.divisor)),
    };
  }

  halve(): void {
    this.divisor = Math.min(MAX_DIVISOR, 2 * this.divisor);
  }

  recover(): void {
    this.divisor = Math.max(1, this.divisor / 2);
  }
}
