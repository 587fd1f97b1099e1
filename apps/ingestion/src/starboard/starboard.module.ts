import { Module } from '@nestjs/common';
import { EntryImages } from './entry-image.service.js';
import { StarboardConsumer } from './starboard.consumer.js';
import { StarboardEntries } from './starboard-entries.queries.js';
import { StarboardMetrics } from './starboard.metrics.js';
import { StarboardProblems } from './starboard-problems.queries.js';
import { StarboardTasks } from './starboard-tasks.queries.js';
import { StarboardWorker } from './starboard-worker.service.js';
import { TaskRunner } from './task-runner.service.js';

@Module({
  controllers: [StarboardConsumer],
  providers: [
    StarboardTasks,
    StarboardEntries,
    StarboardProblems,
    StarboardMetrics,
    EntryImages,
    TaskRunner,
    StarboardWorker,
  ],
})
export class StarboardModule {}
