import 'reflect-metadata';
import { loadIngestionConfig, readEnvironment } from '#libs/config';
import { runUntilSignal } from '#libs/observability';
import { startIngestion } from './start-ingestion.js';

await runUntilSignal(() => startIngestion(loadIngestionConfig(readEnvironment())));
