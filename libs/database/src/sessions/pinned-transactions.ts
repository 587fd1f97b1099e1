import type { ClientBase, QueryResult } from 'pg';

type Query = (text: string, values?: unknown[]) => Promise<QueryResult | QueryResult[]>;

/** The driver's transaction status outside of a transaction. */
const NO_TRANSACTION = 'I';

/**
 * Makes every transaction of the client begin with these settings, including implicit transactions of single
 * statements. For clients of a pooler, where each transaction may run in another session.
 *
 * This needs no extra round trip, because the settings are sent together with the statement.
 *
 * @param settings statements, separated by semicolons
 */
export function pinTransactions(client: ClientBase, settings: string): void {
  const count = settings.split(';').length;
  const query = client.query.bind(client) as unknown as Query & ((submittable: unknown) => unknown);
  Object.assign(client, { pipeline: true });
  let last: Promise<unknown> = Promise.resolve();
  client.query = ((text: unknown, values?: unknown[]) => {
    // COPY, which always runs in an explicit transaction.
    if (typeof text !== 'string') return query(text);
    // One at a time: only the answer to a statement tells whether the next one is in a transaction.
    const result = last.then(() => send(text, values));
    last = result.catch(() => undefined);
    return result;
  }) as typeof client.query;

  async function send(text: string, values: unknown[] = []): Promise<unknown> {
    if (client.getTransactionStatus() !== NO_TRANSACTION) return query(text, values);
    const begin = /^\s*(?:BEGIN|START TRANSACTION)[^;]*/.exec(text)?.[0];
    if (begin !== undefined) {
      const [begun, ...others] = [await query(`${begin}; ${settings}${text.slice(begin.length)}`)].flat();
      return oneOrAll([begun!, ...others.slice(count)]);
    }
    // Statements in one message are one transaction.
    if (values.length === 0) return oneOrAll([await query(`${settings}; ${text}`)].flat().slice(count));
    const [begun, result, committed] = await Promise.allSettled([
      query(`BEGIN; ${settings}`),
      query(text, values),
      query('COMMIT'),
    ]);
    for (const outcome of [begun, result, committed]) if (outcome.status === 'rejected') throw outcome.reason;
    return (result as PromiseFulfilledResult<unknown>).value;
  }
}

/** Like the driver: the result of one statement, or an array of several results. */
function oneOrAll(results: QueryResult[]): QueryResult | QueryResult[] {
  return results.length === 1 ? results[0]! : results;
}
