import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Events name a second member, the actor, such as who invited the one who joined. No existing event has one, so the
 * index begins empty, and it takes no space for kinds without actors.
 *
 * Claims: the ids of kinds of which only one event with an id is stored, whatever its time; see docs/storage.md.
 */
export class ActorsAndClaims1765600000000 implements MigrationInterface {
  readonly name = 'ActorsAndClaims1765600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE statistic_events ADD COLUMN actor_id bigint`);
    await runner.query(`COMMENT ON COLUMN statistic_events.actor_id IS 'another member who had a part in the event'`);
    await runner.query(`
      COMMENT ON COLUMN statistic_events.flags IS
        'bit 0: a bot caused the event; bit 1: the event did not say whether a bot did'`);
    await runner.query(`
      CREATE INDEX statistic_events_by_actor ON statistic_events (guild_id, actor_id, occurred_at)
        WHERE actor_id IS NOT NULL`);
    await runner.query(`
      COMMENT ON TABLE statistic_groups IS
        'events by user (dimension 1), channel (2), label (3) or actor (4), of a UTC day (span 1440 minutes) or a busy quarter (15): the n-th count is that of the n-th id or label'`);

    await runner.query(`ALTER TABLE statistic_totals ADD COLUMN large_value_sum numeric`);
    await runner.query(`
      COMMENT ON COLUMN statistic_totals.large_value_sum IS
        'the sum of the values where it exceeds the range of value_sum, which is null then'`);

    await runner.query(`
      CREATE TABLE statistic_claims (
        guild_id bigint NOT NULL,
        occurred_at timestamptz NOT NULL,
        event_id uuid NOT NULL,
        also_claimed uuid,
        kind smallint NOT NULL,
        PRIMARY KEY (guild_id, kind, event_id)
      )`);
    await runner.query(`
      COMMENT ON TABLE statistic_claims IS
        'ids of stored events of which there is only one whatever its time; also_claimed: the other id that the event stands for'`);
    await runner.query(`CREATE INDEX statistic_claims_by_time ON statistic_claims (occurred_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE statistic_claims`);
    await runner.query(`ALTER TABLE statistic_totals DROP COLUMN large_value_sum`);
    await runner.query(`ALTER TABLE statistic_events DROP COLUMN actor_id`);
  }
}
