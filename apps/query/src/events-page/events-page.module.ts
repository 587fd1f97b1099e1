import { Module } from '@nestjs/common';
import { EventsPageController } from './events-page.controller.js';

/** The documents of events. */
@Module({ controllers: [EventsPageController] })
export class EventsPageModule {}
