import { Payload } from '@nestjs/microservices';
import { Logger } from '#libs/observability';
import { EventController, OnEvents } from '../intake/event-consumer.js';
import type { OutcomeCounts } from '../intake/event-result.js';
import { guildEvents, type GuildEvent } from '../intake/guild-event-type.js';
import { CounterPanelWorker } from './counter-panel-worker.service.js';

@EventController()
export class CountersConsumer {
  private saidThatDiscordIsOff = false;

  constructor(
    private readonly worker: CounterPanelWorker,
    private readonly logger: Logger,
  ) {}

  @OnEvents({ types: guildEvents('counter_panel.refresh'), atOnce: 1 })
  async onRefresh(@Payload() [event]: readonly [GuildEvent<'counter_panel.refresh'>]): Promise<OutcomeCounts> {
    const isWanted = await this.worker.request(event.fields.guild_id);
    if (isWanted !== undefined) return isWanted ? { handled: 1 } : { unwanted: 1 };
    this.sayThatDiscordIsOff();
    return { no_discord: 1 };
  }

  private sayThatDiscordIsOff(): void {
    if (this.saidThatDiscordIsOff) return;
    this.saidThatDiscordIsOff = true;
    this.logger.warn('counter panels are off: events of counter_panel.refresh are dropped');
  }
}
