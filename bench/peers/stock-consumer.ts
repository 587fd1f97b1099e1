import 'reflect-metadata';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Ctx,
  EventPattern,
  Payload,
  Transport,
  type MicroserviceOptions,
  type RmqContext,
} from '@nestjs/microservices';
import type { Channel, Message } from 'amqplib';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { QUEUES, derivedEventId, snowflakeTime } from '#libs/contracts';

/** A consumer as in the documentation of NestJS and TypeORM: it saves and acknowledges each message separately. */

@Entity({ name: 'statistic_events', synchronize: false })
class StatisticEvent {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @PrimaryColumn('smallint')
  kind: number;

  @PrimaryColumn('timestamptz', { name: 'occurred_at' })
  occurredAt: Date;

  @PrimaryColumn('uuid', { name: 'event_id' })
  eventId: string;

  @Column('bigint', { name: 'user_id', nullable: true })
  userId: string;

  @Column('bigint', { name: 'channel_id', nullable: true })
  channelId?: string;

  @Column('bigint', { name: 'message_id', nullable: true })
  messageId?: string;

  @Column('text', { nullable: true })
  label?: string;

  @Column('smallint')
  flags: number;
}

interface MessageSent {
  guild_id: string;
  channel_id: string;
  message_id: string;
  user_id: string;
  member_is_bot: boolean;
}

interface CommandUsed {
  guild_id: string;
  command: string;
  user_id: string;
  event_id: string;
  occurred_at: string;
}

@Controller()
class EventsController {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  @EventPattern<string>('message.sent')
  async onMessage(@Payload() message: MessageSent, @Ctx() context: RmqContext): Promise<void> {
    await this.dataSource.getRepository(StatisticEvent).save({
      guildId: message.guild_id,
      kind: 2,
      occurredAt: new Date(snowflakeTime(message.message_id)),
      eventId: derivedEventId(message.message_id),
      userId: message.user_id,
      channelId: message.channel_id,
      messageId: message.message_id,
      flags: message.member_is_bot ? 1 : 0,
    });
    acknowledge(context);
  }

  @EventPattern<string>('command.used')
  async onCommand(@Payload() command: CommandUsed, @Ctx() context: RmqContext): Promise<void> {
    await this.dataSource.getRepository(StatisticEvent).save({
      guildId: command.guild_id,
      kind: 1,
      occurredAt: new Date(command.occurred_at),
      eventId: command.event_id,
      userId: command.user_id,
      label: command.command,
      flags: 0,
    });
    acknowledge(context);
  }
}

function acknowledge(context: RmqContext): void {
  (context.getChannelRef() as Channel).ack(context.getMessage() as Message);
}

@Module({})
class StockConsumer {}

const dataSource = await new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL,
  entities: [StatisticEvent],
  poolSize: 10,
  installExtensions: false,
}).initialize();
const app = await NestFactory.createMicroservice<MicroserviceOptions>(
  {
    module: StockConsumer,
    controllers: [EventsController],
    providers: [{ provide: DataSource, useValue: dataSource }],
  },
  {
    logger: ['error'],
    transport: Transport.RMQ,
    options: {
      urls: [process.env.RABBITMQ_URL!],
      queue: QUEUES.statistics,
      // The queue has already been declared, and is the same for all consumers.
      noAssert: true,
      noAck: false,
      prefetchCount: Number(process.env.PREFETCH),
    },
  },
);
process.once('SIGTERM', () => void app.close().then(() => dataSource.destroy()));
await app.listen();
console.log('consuming');
