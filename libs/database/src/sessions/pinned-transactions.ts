import type { ClientBase, QueryResult } from 'pg';

type Query = (text: string, values?: unknown[]) => Promise<QueryResult | QueryResult[]>;

/** How the driver says that the last answer ended outside of a transaction. */
const NO_TRANSACTION = 'I';

/**
 * Makes every transaction of the client begin with these settings, also that of a single statement. For clients of a
 * pooler, whose transactions each run in a session of somebody else.
 *
 * It takes no round trip: what belongs to a transaction is sent together.
 *
 * @param settings statements, separated by semicolons
 */
export function pinTransactions(client: ClientBase, settings: string): void {
  const count = settings.split(';').length;
  const query = client.query.bind(client) as unknown as Query & ((submittable: unknown) => unknown);
  Object.assign(client, { pipeline: true });
  let last: Promise<unknown> = Promise.resolve();
  client.query = ((text: unknown, values?: unknown[]) => {
    // COPY, which is in a transaction.
    if (typeof text !== 'string') return query(text);
    // One after the other, as only the answer to one statement tells whether the next one is in its transaction.
    const result = last.then(() => send(text, values));
    last = result.catch(() => undefined);
    return result;
  }) as typeof client.query;

  async function send(text: string, values: unknown[] = []): Promise<unknown> {
    if (client.getTransactionStatus() !== NO_TRANSACTION) return query(text, values);
    const begin = /^\s*(?:BEGIN|START TRANSACTION)[^;]*/.exec(text)?.[0];
    if (begin !== undefined) {
      const [begun, ...others] = [await query(`${begin}; ${settings}${text.slice(begin.length)}`)].flat();
      return only([begun!, ...others.slice(count)]);
    }
    // Statements that are sent in one message are one transaction.
    if (values.length === 0) return only([await query(`${settings}; ${text}`)].flat().slice(count));
    const [begun, result, committed] = await Promise.allSettled([
      query(`BEGIN; ${settings}`),
      query(text, values),
      query('COMMIT'),
    ]);
    for (const outcome of [begun, result, committed]) if (outcome.status === 'rejected') throw outcome.reason;
    return (result as PromiseFulfilledResult<unknown>).value;
  }
}

/** As the driver answers: one statement by its result, several by an array. */
function only(results: QueryResult[]): QueryResult | QueryResult[] {
  return results.length === 1 ? results[0]! : results;
}
