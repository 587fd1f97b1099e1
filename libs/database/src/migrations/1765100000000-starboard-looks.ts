import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When the starboard next checks a message without an event. */
export class StarboardLooks1765100000000 implements MigrationInterface {
  readonly name = 'StarboardLooks1765100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE starboard_entries ADD COLUMN look_at timestamptz(3)`);
    await runner.query(`
      UPDATE starboard_entries SET look_at = now() + random() * interval '1 day'
      WHERE state <> 'withdrawn' AND reserved_at > now() - interval '31 days'`);
    await runner.query(
      `CREATE INDEX starboard_entries_to_look_at ON starboard_entries (look_at) WHERE look_at IS NOT NULL`,
    );
    await runner.query(`
      COMMENT ON COLUMN starboard_entries.look_at IS
        'when the message is looked at without an event; null: only when the starboard is switched on again'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE starboard_entries DROP COLUMN look_at`);
  }
}
