import { applyDecorators, Catch, Controller, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import type { StatisticsContract } from '#libs/contracts';
import type { OutcomeCounts } from './event-result.js';
import type { EventType, IntakeEvent } from './event-type.js';

/** The id of all transports that receive events. */
export const EVENTS = Symbol('EVENTS');

/** What a consumer receives. */
export interface Subscription {
  types: (contract: StatisticsContract) => readonly EventType[];
  /** The maximum number of events per call. @defaultValue the whole batch */
  atOnce?: number;
}

/** Stores or handles events. */
export interface EventConsumer {
  readonly types: readonly EventType[];
  readonly atOnce: number;
  /**
   * Stores all of these events, or none. It is idempotent.
   *
   * @throws the database's error; for an error of the data, the batch is bisected, otherwise it is retried
   */
  store(events: readonly IntakeEvent[]): Promise<OutcomeCounts>;
}

/** A class with `@OnEvents` methods. */
export function EventController(): ClassDecorator {
  return applyDecorators(Controller(), UseFilters(RethrowFilter));
}

/**
 * Subscribes a method to events: `store(@Payload() events: readonly E[]): Promise<OutcomeCounts>`, with the contract of
 * {@link EventConsumer.store}. Intake does everything else.
 */
export function OnEvents(subscription: Subscription): MethodDecorator {
  return (target, method, descriptor) => {
    // Nest requires a pattern. Any pattern works that is unique to the method.
    const pattern = `${target.constructor.name}.${String(method)}`;
    return EventPattern<string>(pattern, EVENTS, { subscription })(target, method, descriptor);
  };
}

/** Nest's default filter replaces errors with "Internal server error", but intake needs the original error. */
@Catch()
class RethrowFilter implements RpcExceptionFilter<unknown> {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}
