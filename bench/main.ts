import { BENCHES } from './benches.js';
import { printTable, writeReport } from './report.js';

/** `npm run bench -- [--list] [name …]`: runs the named benches, or all of them. */
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => name !== '--list' && BENCHES[name] === undefined);

if (unknown.length > 0) {
  console.error(`unknown bench: ${unknown.join(', ')}. For a list: npm run bench -- --list`);
  process.exitCode = 64;
} else if (wanted.includes('--list')) {
  for (const [name, { title }] of Object.entries(BENCHES)) console.log(`${name.padEnd(16)} ${title}`);
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
    const bench = BENCHES[name]!;
    console.log(`${name}: ${bench.title}`);
    const measurement = await bench.run();
    printTable(measurement);
    console.log(`written to ${await writeReport(name, bench, measurement)}`);
  }
}
