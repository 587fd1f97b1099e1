import { Module } from '@nestjs/common';
import { EventMetrics } from './event.metrics.js';
import { EventStorer } from './event-storer.service.js';
import { Intake } from './intake.service.js';
import { MemoryBudget } from './memory-budget.js';

@Module({ providers: [EventMetrics, EventStorer, MemoryBudget, Intake], exports: [Intake] })
export class IntakeModule {}
