import { Module } from '@nestjs/common';
import { StatisticsConsumer } from './statistics.consumer.js';
import { StatisticsMetrics } from './statistics.metrics.js';
import { StatisticsWriter } from './statistics.writer.js';

@Module({ controllers: [StatisticsConsumer], providers: [StatisticsMetrics, StatisticsWriter] })
export class StatisticsModule {}
