import { applyDecorators, Catch, Controller, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import type { StatisticsContract } from '#libs/contracts';
import type { OutcomeCounts } from './event-result.js';
import type { EventType, IntakeEvent } from './event-type.js';

/** Transport id of every way that events come in by. */
export const EVENTS = Symbol('EVENTS');

/** What a consumer takes. */
export interface Subscription {
  types: (contract: StatisticsContract) => readonly EventType[];
  /** It gets at most so many events at a time. @defaultValue as many as a batch has */
  atOnce?: number;
}

/** Whatever stores or carries out events. */
export interface EventConsumer {
  readonly types: readonly EventType[];
  readonly atOnce: number;
  /**
   * Stores all of these events, or none. Doing it again does no harm.
   *
   * @throws the database's error: where it is about the events, the one at fault is found; else all are stored again
   */
  store(events: readonly IntakeEvent[]): Promise<OutcomeCounts>;
}

/** A class with `@OnEvents` methods. */
export function EventController(): ClassDecorator {
  return applyDecorators(Controller(), UseFilters(RethrowFilter));
}

/**
 * A method that gets events: `store(@Payload() events: readonly E[]): Promise<OutcomeCounts>`, as EventConsumer has it.
 * All else is done by intake, before and after.
 */
export function OnEvents(subscription: Subscription): MethodDecorator {
  return (target, method, descriptor) => {
    // Nest asks for a pattern; what matters is that each method has its own.
    const pattern = `${target.constructor.name}.${String(method)}`;
    return EventPattern<string>(pattern, EVENTS, { subscription })(target, method, descriptor);
  };
}

/** Nest's own filter replaces errors by "Internal server error"; intake must see what really happened. */
@Catch()
class RethrowFilter implements RpcExceptionFilter<unknown> {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}
