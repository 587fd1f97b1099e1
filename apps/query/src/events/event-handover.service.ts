import { Injectable } from '@nestjs/common';
import { BrokerUnavailableError, EventHandover, type OutgoingEvent } from '#libs/broker';
import { ServiceUnavailableError } from '../http/api-error.js';
import { Answer } from '../http/envelope.js';
import type { DeclineReason, EventAnswer } from './dto/event-answers.dto.js';

/** Hands events over to the broker and creates the responses. */
@Injectable()
export class EventHandoverService {
  constructor(private readonly handover: EventHandover) {}

  /**
   * Hands the event over. Once this resolves, the event cannot be lost.
   *
   * @throws ServiceUnavailableError with the `event_id` and `occurred_at` for a retry
   */
  async accept(event: OutgoingEvent): Promise<Answer<EventAnswer>> {
    try {
      await this.handover.handOver(event);
    } catch (cause) {
      if (!(cause instanceof BrokerUnavailableError)) throw cause;
      throw new ServiceUnavailableError('The event could not be handed over. It is safe to send it again', {
        event: { event_id: event.eventId, occurred_at: new Date(event.occurredAt).toISOString() },
        cause,
      });
    }
    return new Answer({ event_id: event.eventId, accepted: true }, { status: 202 });
  }

  /** Answers that the event is switched off in the guild. */
  decline(reason: DeclineReason): Answer<EventAnswer> {
    return new Answer({ accepted: false, reason }, { status: 200 });
  }
}
