import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { EVENTS, type EventConsumer, type Subscription } from './event-consumer.js';
import type { EventPipeline } from './event-pipeline.js';
import type { OutcomeCounts } from './event-result.js';
import type { IntakeEvent } from './event-type.js';
import type { Intake } from './intake.service.js';

/** The base of all transports. Nest registers the `@OnEvents` methods, and intake creates a pipeline to them. */
export abstract class EventsServer extends Server implements CustomTransportStrategy {
  override readonly transportId = EVENTS;
  override readonly propagatesEventHandlerErrors = true;

  private pipelineToConsumers?: EventPipeline;

  constructor(protected readonly intake: Intake) {
    super();
  }

  abstract override listen(callback: (error?: unknown) => void): void;
  abstract override close(): Promise<void>;

  /** Available after Nest has registered the handlers. */
  protected get pipeline(): EventPipeline {
    this.pipelineToConsumers ??= this.intake.pipelineTo((contract) =>
      [...this.getHandlers().values()].map((handler): EventConsumer => {
        const { types, atOnce = Infinity } = (handler.extras as { subscription: Subscription }).subscription;
        return {
          types: types(contract),
          atOnce,
          store: async (events: readonly IntakeEvent[]) => {
            const stored: unknown = await handler(events);
            return lastValueFrom(this.transformToObservable(stored)) as Promise<OutcomeCounts>;
          },
        };
      }),
    );
    return this.pipelineToConsumers;
  }

  override on(): never {
    throw new Error('this transport emits no events');
  }

  override unwrap(): never {
    throw new Error('this transport has no client');
  }
}
