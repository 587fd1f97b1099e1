import { settlesWithin } from './condition.js';

/** Something that was started and has to be ended. */
export interface Part {
  name: string;
  /** In order; what was taken is finished. */
  stop(): Promise<void>;
  /** For a second Ctrl-C. A part inside this process has none: it ends with it. */
  stopAtOnce?(): Promise<void>;
  /** What an orderly stop may take before the next part's turn comes. */
  stopWithinMs: number;
}

/** What was started, in the order of starting; ended in the reverse order. */
export class RunningParts {
  private readonly parts: Part[] = [];
  private endingAtOnce?: Promise<unknown>;

  constructor(private readonly say: (line: string) => void) {}

  add(part: Part): void {
    this.parts.push(part);
  }

  /** A part that fails or takes too long does not keep those that it stands on from being stopped. */
  async stop(): Promise<void> {
    for (let part = this.parts.at(-1); part; part = this.parts.at(-1)) {
      await this.stopPart(part);
      this.parts.pop();
    }
    await this.endingAtOnce;
  }

  /** Also what an orderly stop is just waiting for. */
  async stopAtOnce(): Promise<void> {
    this.endingAtOnce = Promise.allSettled(this.parts.splice(0).map(async (part) => part.stopAtOnce?.()));
    await this.endingAtOnce;
  }

  private async stopPart(part: Part): Promise<void> {
    const { name, stopWithinMs } = part;
    const stopping = part.stop().catch((error: Error) => this.say(`${name} did not stop in order: ${error.message}`));
    if (await settlesWithin(stopping, stopWithinMs)) return;
    this.say(`${name} did not stop within ${stopWithinMs / 1000} s`);
    await part.stopAtOnce?.();
  }
}
