import type { EntityManager } from 'typeorm';
import type { RetiredKind } from '#libs/contracts';
import { fromStoredDefinition, type StoredDefinition } from './stored-definition.js';

interface Row {
  number: number;
  name: string;
  definition: StoredDefinition;
}

/** All kinds that any instance has ever collected, by number. */
export async function readStoredKinds(manager: EntityManager): Promise<RetiredKind[]> {
  const rows = await manager.query<Row[]>('SELECT number, name, definition FROM statistic_kinds ORDER BY number');
  return rows.map(({ definition, ...row }) => ({ ...row, definition: fromStoredDefinition(definition) }));
}
