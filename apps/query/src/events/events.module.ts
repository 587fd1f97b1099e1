import { Module } from '@nestjs/common';
import { EventHandoverService } from './event-handover.service.js';

@Module({ providers: [EventHandoverService], exports: [EventHandoverService] })
export class EventsModule {}
