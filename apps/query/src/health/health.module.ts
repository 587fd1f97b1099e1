import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { EventHandover } from '#libs/broker';
import { Database } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import { HealthChecks, measureReadiness } from '#libs/observability';
import { HealthController } from './health.controller.js';

@Module({
  controllers: [HealthController],
  providers: [
    {
      provide: HealthChecks,
      useFactory: healthChecks,
      inject: [Database, EventHandover, { token: DiscordClient, optional: true }],
    },
  ],
})
export class HealthModule {
  constructor(health: HealthChecks, registry: Registry) {
    measureReadiness(registry, health);
  }
}

function healthChecks(database: Database, handover: EventHandover, discord?: DiscordClient): HealthChecks {
  return new HealthChecks({
    database: { probe: () => database.probe(), whenFailing: 'failed' },
    // Reads work without the broker.
    rabbitmq: { probe: () => handover.probe(), whenFailing: 'degraded' },
    ...(discord && { discord: { probe: () => discord.probe(), whenFailing: 'degraded' as const } }),
  });
}
