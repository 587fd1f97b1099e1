import 'reflect-metadata';
import { loadQueryConfig, readEnvironment } from '#libs/config';
import { runUntilSignal } from '#libs/observability';
import { startQuery } from './start-query.js';

await runUntilSignal(async () => startQuery(loadQueryConfig(readEnvironment())));
