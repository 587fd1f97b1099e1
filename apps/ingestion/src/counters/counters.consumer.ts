import { Payload } from '@nestjs/microservices';
import { Logger } from '#libs/observability';
import { EventController, OnEvents } from '../intake/event-consumer.js';
import type { OutcomeCounts } from '../intake/event-result.js';
import { guildEvents, type GuildEvent } from '../intake/guild-event-type.js';
import { CounterPanelWorker } from './counter-panel-worker.service.js';

@EventController()
export class CountersConsumer {
  private hasWarned = false;

  constructor(
    private readonly worker: CounterPanelWorker,
    private readonly logger: Logger,
  ) {}

  @OnEvents({ types: guildEvents('counter_panel.refresh'), atOnce: 1 })
  async onRefresh(@Payload() [event]: readonly [GuildEvent<'counter_panel.refresh'>]): Promise<OutcomeCounts> {
    const showsCounters = await this.worker.request(event.fields.guild_id);
    if (showsCounters !== undefined) return showsCounters ? { handled: 1 } : { unwanted: 1 };
    this.warnOnce();
    return { no_discord: 1 };
  }

  private warnOnce(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.logger.warn('counter panels need a Discord token: dropping counter_panel.refresh events');
  }
}
