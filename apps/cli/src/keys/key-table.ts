import type { ApiKey } from '#libs/database';
import { printable } from '../printable.js';

/** Formats keys as a table, one per line. The name is the last column because it can be long. */
export function keyTable(keys: readonly ApiKey[]): string {
  const rows = keys.map((key) => [
    key.id,
    key.access,
    key.prefix,
    key.createdAt.toISOString(),
    key.lastUsedAt?.toISOString() ?? 'never',
    printable(key.name),
  ]);
  const table = [['id', 'access', 'prefix', 'created', 'last used', 'name'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
