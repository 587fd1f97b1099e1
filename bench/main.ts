import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { benchIngest } from './ingest.js';

/** `npm run bench -- [--list] [name …]` */
const BENCHES: Record<string, () => Promise<Record<string, number>>> = { ingest: benchIngest };

const wanted = process.argv.slice(2);
if (wanted.includes('--list')) {
  console.log(Object.keys(BENCHES).join('\n'));
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
    const bench = BENCHES[name];
    if (bench === undefined) throw new Error(`no bench "${name}"; npm run bench -- --list names them`);
    const results = await bench();
    mkdirSync('bench/results', { recursive: true });
    const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30) };
    const report = { name, at: new Date().toISOString(), node: process.version, machine, results };
    writeFileSync(`bench/results/${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  }
}
