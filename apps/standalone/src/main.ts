import 'reflect-metadata';
import { runMain } from './run-main.js';

process.exit(await runMain());
