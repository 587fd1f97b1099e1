import { isDeepStrictEqual } from 'node:util';
import type { DataSource, EntityManager } from 'typeorm';
import { ConfigurationError, type ConfigurationMistake } from '#libs/config';
import {
  FIRST_OWN_NUMBER,
  LAST_OWN_NUMBER,
  type CompiledKind,
  type RetiredKind,
  type StatisticsContract,
} from '#libs/contracts';
import { ADVISORY_LOCK_CLASSES } from '#libs/database';
import { toStoredDefinition } from './stored-definition.js';
import { readStoredKinds } from './stored-kinds.js';

/** Other instances hold the lock for milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Stores the kinds of the contract in `statistic_kinds`, and gives those of one's own the numbers that the database has
 * for them. A new kind gets a new number. No row is ever deleted, so a number is never given to another kind.
 *
 * @throws ConfigurationError if a kind of one's own is stored with other fields: its events could no longer be read
 */
export function registerKinds(dataSource: DataSource, contract: StatisticsContract): Promise<void> {
  return dataSource.transaction('READ COMMITTED', async (manager) => {
    await manager.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await manager.query('SELECT pg_advisory_xact_lock($1, 0)', [ADVISORY_LOCK_CLASSES.kinds]);
    const stored = await readStoredKinds(manager);
    const own = stored.filter(({ number }) => number >= FIRST_OWN_NUMBER);
    const ownKinds = contract.kinds.filter(({ isBuiltIn }) => !isBuiltIn);
    refuseChanges(ownKinds, own);
    giveNumbers(ownKinds, own);
    for (const kind of contract.kinds) {
      const before = stored.find(({ number }) => number === kind.number);
      if (before === undefined || isOutdated(before, kind)) await storeKind(manager, kind);
    }
    contract.retired = own.filter(({ name }) => !ownKinds.some((kind) => kind.name === name));
  });
}

function refuseChanges(kinds: readonly CompiledKind[], stored: readonly RetiredKind[]): void {
  const mistakes = kinds.flatMap((kind): ConfigurationMistake[] => {
    const before = stored.find(({ name }) => name === kind.name)?.definition;
    if (before === undefined) return [];
    const now = kind.definition;
    return [
      ...changeOf(kind.name, 'fields', before.fields, now.fields),
      ...changeOf(kind.name, 'identified_by', before.identifiedBy, now.identifiedBy),
    ];
  });
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

function changeOf(kind: string, property: string, before: unknown, now: unknown): ConfigurationMistake[] {
  if (isDeepStrictEqual(before, now)) return [];
  return [
    {
      variable: `STATISTICS_FILE kinds["${kind}"].${property}`,
      shownValue: now === undefined ? undefined : JSON.stringify(now),
      expected: `${before === undefined ? 'none' : JSON.stringify(before)}, as the kind is stored; give the changed kind another name`,
    },
  ];
}

function giveNumbers(kinds: readonly CompiledKind[], stored: readonly RetiredKind[]): void {
  let next = Math.max(FIRST_OWN_NUMBER, ...stored.map(({ number }) => number + 1));
  for (const kind of kinds) kind.giveNumber(stored.find(({ name }) => name === kind.name)?.number ?? next++);
  if (next <= LAST_OWN_NUMBER + 1) return;
  throw new ConfigurationError([
    {
      variable: 'STATISTICS_FILE kinds',
      shownValue: `${next - FIRST_OWN_NUMBER} kinds, with all that were ever stored`,
      expected: `at most ${LAST_OWN_NUMBER - FIRST_OWN_NUMBER + 1}`,
    },
  ]);
}

function isOutdated(before: RetiredKind, { name, definition }: CompiledKind): boolean {
  return (
    before.name !== name || !isDeepStrictEqual(toStoredDefinition(before.definition), toStoredDefinition(definition))
  );
}

async function storeKind(manager: EntityManager, { number, name, definition }: CompiledKind): Promise<void> {
  await manager.query(
    `INSERT INTO statistic_kinds (number, name, definition) VALUES ($1, $2, $3)
     ON CONFLICT (number) DO UPDATE SET name = excluded.name, definition = excluded.definition`,
    [number, name, toStoredDefinition(definition)],
  );
}
