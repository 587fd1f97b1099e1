import { Module } from '@nestjs/common';
import { CounterPanelMetrics } from './counter-panel.metrics.js';
import { CounterPanelWorker } from './counter-panel-worker.service.js';
import { CountersConsumer } from './counters.consumer.js';

@Module({ controllers: [CountersConsumer], providers: [CounterPanelMetrics, CounterPanelWorker] })
export class CountersModule {}
