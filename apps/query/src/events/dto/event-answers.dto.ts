import { ApiSchema } from '@nestjs/swagger';
import { ConstantProperty, UuidProperty, WordProperty } from '../../answers/answer-properties.js';

@ApiSchema({ name: 'AcceptedEvent' })
export class AcceptedEvent {
  @UuidProperty({ description: 'The identity of the event. An event that is sent again with this id is stored once' })
  event_id: string;

  @ConstantProperty(true)
  accepted: true;
}

class DeclinedEvent {
  @ConstantProperty(false)
  accepted: false;
}

@ApiSchema({ name: 'DeclinedStatistic', description: 'The statistic is off in this guild' })
export class DeclinedStatistic extends DeclinedEvent {
  @ConstantProperty('statistic_disabled')
  reason: 'statistic_disabled';
}

@ApiSchema({ name: 'DeclinedBotStatistic', description: 'The statistic is off in this guild, or off for bots' })
export class DeclinedBotStatistic extends DeclinedEvent {
  @WordProperty(['statistic_disabled', 'bot_message'])
  reason: 'statistic_disabled' | 'bot_message';
}

@ApiSchema({ name: 'DeclinedStar', description: 'The starboard is off in this guild' })
export class DeclinedStar extends DeclinedEvent {
  @ConstantProperty('starboard_disabled')
  reason: 'starboard_disabled';
}

/** The response to a POST of an event. */
export type EventAnswer = AcceptedEvent | DeclinedStatistic | DeclinedBotStatistic | DeclinedStar;
export type DeclineReason = Exclude<EventAnswer, AcceptedEvent>['reason'];
