import 'reflect-metadata';
import { loadQueryConfig, readEnvironment } from '#libs/config';
import { limitHeapGrowth, runUntilSignal } from '#libs/observability';
import { startQuery } from './start-query.js';

limitHeapGrowth();
await runUntilSignal(async () => startQuery(loadQueryConfig(readEnvironment())));
