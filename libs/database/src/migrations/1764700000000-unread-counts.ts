import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Distinguishes counters that wait for their count from those that wait for a rename. */
export class UnreadCounts1764700000000 implements MigrationInterface {
  readonly name = 'UnreadCounts1764700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE counter_panel_channels ADD COLUMN counts_unread boolean NOT NULL DEFAULT false`);
    await runner.query(`
      COMMENT ON COLUMN counter_panel_channels.counts_unread IS
        'it waits as its count could not be read, and not because of a rename'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE counter_panel_channels DROP COLUMN counts_unread`);
  }
}
