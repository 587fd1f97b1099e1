import { Injectable } from '@nestjs/common';
import { BrokerUnavailableError, EventHandover, type OutgoingEvent } from '#libs/broker';
import { ServiceUnavailableError } from '../http/api-error.js';
import { Answer } from '../http/envelope.js';
import type { DeclineReason, EventAnswer } from './dto/event-answers.dto.js';

/** Hands events over to whoever stores them, and answers for it. */
@Injectable()
export class EventHandoverService {
  constructor(private readonly handover: EventHandover) {}

  /**
   * Once this has answered, the event is not lost any more.
   *
   * @throws ServiceUnavailableError with what makes a repeat the same event
   */
  async accept(event: OutgoingEvent): Promise<Answer<EventAnswer>> {
    try {
      await this.handover.handOver(event);
    } catch (cause) {
      if (!(cause instanceof BrokerUnavailableError)) throw cause;
      throw new ServiceUnavailableError('The event could not be handed over; sending it again does no harm', {
        event: { event_id: event.eventId, occurred_at: new Date(event.occurredAt).toISOString() },
        cause,
      });
    }
    return new Answer({ event_id: event.eventId, accepted: true }, { status: 202 });
  }

  /** The guild does not want this event. */
  decline(reason: DeclineReason): Answer<EventAnswer> {
    return new Answer({ accepted: false, reason }, { status: 200 });
  }
}
