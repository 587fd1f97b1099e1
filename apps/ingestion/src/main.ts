import 'reflect-metadata';
import { loadIngestionConfig, readEnvironment } from '#libs/config';
import { limitHeapGrowth, runUntilSignal } from '#libs/observability';
import { startIngestion } from './start-ingestion.js';

limitHeapGrowth();
await runUntilSignal(() => startIngestion(loadIngestionConfig(readEnvironment())));
