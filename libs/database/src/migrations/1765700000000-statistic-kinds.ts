import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The kinds of statistics: those of the catalogue, and from 1000 on those that operators define in a file. The services
 * write it when they start. A built-in kind may have the name that a kind of one's own had before, so names are unique
 * only among the latter.
 */
export class StatisticKinds1765700000000 implements MigrationInterface {
  readonly name = 'StatisticKinds1765700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE statistic_kinds (
        number smallint PRIMARY KEY CHECK (number > 0),
        name text NOT NULL,
        definition jsonb NOT NULL
      )`);
    await runner.query(`CREATE UNIQUE INDEX statistic_kinds_own_name ON statistic_kinds (name) WHERE number >= 1000`);
    await runner.query(`
      COMMENT ON TABLE statistic_kinds IS
        'the kinds of statistics, by the number in statistic_events.kind; from 1000 on, those of STATISTICS_FILE'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE statistic_kinds`);
  }
}
