import { ERASED_TABLES } from '#libs/erasure';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';

/** The names of columns that contain the Discord ids of people. */
const NAMES_PEOPLE = '(^|_)(user|member|author)s?(_ids?)?$';

describe('the list of tables that an erasure works from', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.release());

  /** The columns as `table.column`, without those of partitions. */
  const columnsWhere = async (condition: string, ...parameters: unknown[]) => {
    const rows = await database.query<{ name: string }>(
      `SELECT c.table_name || '.' || c.column_name AS name
       FROM information_schema.columns c JOIN pg_class t ON t.relname = c.table_name
       JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = c.table_schema
       WHERE c.table_schema = 'public' AND t.relkind IN ('r', 'p') AND NOT t.relispartition AND ${condition}
       ORDER BY 1`,
      parameters,
    );
    return rows.map(({ name }) => name);
  };
  const listed = ERASED_TABLES.flatMap(({ table, memberColumns = {} }) =>
    Object.keys(memberColumns).map((column) => `${table}.${column}`),
  );

  it('should contain exactly the tables with a guild_id', async () => {
    const tables = (await columnsWhere(`c.column_name = 'guild_id'`)).map((name) => name.split('.')[0]);
    expect(ERASED_TABLES.map(({ table }) => table).toSorted()).toEqual(tables);
  });

  it('should contain every column with ids of members', async () => {
    const columns = await columnsWhere(`c.column_name ~ $1 AND c.udt_name IN ('int8', '_int8')`, NAMES_PEOPLE);
    expect(columns).not.toEqual([]);
    expect(columns.filter((column) => !listed.includes(column))).toEqual([]);
  });

  it('should be found incomplete if a new table contains ids of members', async () => {
    await database.query('CREATE TABLE made_up_joins (guild_id bigint, joined_member_id bigint)');
    const columns = await columnsWhere(`c.column_name ~ $1 AND c.udt_name IN ('int8', '_int8')`, NAMES_PEOPLE);
    await database.query('DROP TABLE made_up_joins');
    expect(columns.filter((column) => !listed.includes(column))).toEqual(['made_up_joins.joined_member_id']);
  });

  it('should contain only columns that exist', async () => {
    const columns = await columnsWhere('true');
    expect(listed.filter((column) => !columns.includes(column))).toEqual([]);
    const keys = ERASED_TABLES.flatMap(({ table, ofGuild }) =>
      ofGuild.way === 'in steps' ? ofGuild.key.map((column) => `${table}.${column}`) : [],
    );
    expect(keys.filter((column) => !columns.includes(column))).toEqual([]);
  });

  it('should look up members only in columns with an index on the guild and the column', async () => {
    const indexed = await database.query<{ name: string }>(
      `SELECT t.relname || '.' || second.attname AS name
       FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
       JOIN pg_attribute first ON first.attrelid = t.oid AND first.attnum = i.indkey[0]
       JOIN pg_attribute second ON second.attrelid = t.oid AND second.attnum = i.indkey[1]
       WHERE first.attname = 'guild_id'`,
    );
    const names = indexed.map(({ name }) => name);
    const lookedUp = ERASED_TABLES.flatMap(({ table, memberColumns = {} }) =>
      Object.entries(memberColumns).flatMap(([column, { isLookedUp }]) => (isLookedUp ? [`${table}.${column}`] : [])),
    );
    expect(lookedUp).not.toEqual([]);
    expect(lookedUp.filter((column) => !names.includes(column))).toEqual([]);
  });
});
