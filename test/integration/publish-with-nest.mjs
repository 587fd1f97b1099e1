/** Emits two events with NestJS's own client, as docs/events.md says: `node publish-with-nest.mjs GUILD_ID`. */
import 'reflect-metadata';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';

const statistics = ClientProxyFactory.create({
  transport: Transport.RMQ,
  options: { urls: [process.env.RABBITMQ_URL], queue: 'serverstats.statistics', noAssert: true, persistent: true },
});
const guild_id = process.argv[2];
const occurred_at = new Date().toISOString();
const command = { guild_id, command: 'ping', event_id: '0199d2a6-6f00-7000-8000-00000000000a', occurred_at };
await lastValueFrom(statistics.emit('command.used', command));
await lastValueFrom(statistics.emit('reminder.created', { guild_id }));
await statistics.close();
