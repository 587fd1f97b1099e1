import { settlesWithin } from './condition.js';

/** A part of the system that was started and has to be stopped. */
export interface Part {
  name: string;
  /** An orderly shutdown: accepted work is finished. */
  stop(): Promise<void>;
  /** An immediate stop, for a second Ctrl-C. Parts in this process do not need it. */
  stopAtOnce?(): Promise<void>;
  /** The deadline of the orderly stop. */
  stopWithinMs: number;
}

/** The started parts. They are stopped in reverse order. */
export class RunningParts {
  private readonly parts: Part[] = [];
  private endingAtOnce?: Promise<unknown>;

  constructor(private readonly say: (line: string) => void) {}

  add(part: Part): void {
    this.parts.push(part);
  }

  /** Stops all parts. If one fails or takes too long, the others are stopped anyway. */
  async stop(): Promise<void> {
    for (let part = this.parts.at(-1); part; part = this.parts.at(-1)) {
      await this.stopPart(part);
      this.parts.pop();
    }
    await this.endingAtOnce;
  }

  /** Also stops the part that an orderly stop is waiting for. */
  async stopAtOnce(): Promise<void> {
    this.endingAtOnce = Promise.allSettled(this.parts.splice(0).map(async (part) => part.stopAtOnce?.()));
    await this.endingAtOnce;
  }

  private async stopPart(part: Part): Promise<void> {
    const { name, stopWithinMs } = part;
    const stopping = part.stop().catch((error: Error) => this.say(`${name} failed to stop: ${error.message}`));
    if (await settlesWithin(stopping, stopWithinMs)) return;
    this.say(`${name} did not stop within ${stopWithinMs / 1000} s`);
    await part.stopAtOnce?.();
  }
}
