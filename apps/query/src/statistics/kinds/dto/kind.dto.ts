import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { FIELD_COLUMNS, FILTERS, type FieldColumn, type Filter } from '#libs/contracts';
import { ConstantProperty, SchemaProperty, WordProperty } from '../../../answers/answer-properties.js';

@ApiSchema({ name: 'KindField' })
export class KindField {
  @ApiProperty()
  name: string;

  @WordProperty(FIELD_COLUMNS, {
    description:
      'A Discord id (user_id, actor_id, channel_id, message_id), a text (label), a delay in milliseconds (value), a time (occurred_at, since), or a boolean (is_bot)',
  })
  type: FieldColumn;
}

@ApiSchema({ name: 'KindMeasure' })
export class KindMeasure {
  @ApiProperty()
  field: string;

  @ConstantProperty('milliseconds')
  unit: 'milliseconds';
}

@ApiSchema({ name: 'Kind', description: 'A kind of statistics' })
export class KindAnswer {
  @ApiProperty({ description: 'Its name, and the routing key of its events' })
  kind: string;

  @ApiProperty()
  title: string;

  @ApiProperty({ description: 'The setting that says whether it is collected' })
  switch: string;

  @SchemaProperty({ type: ['string', 'null'] }, { description: 'The setting for events of bots; null: they need none' })
  bot_switch: string | null;

  @ApiProperty({ description: 'Where events are posted. All paths are relative to /modules/serverstats' })
  record_path: string;

  @ApiProperty({ description: 'Where records are listed and downloaded' })
  view_path: string;

  @ApiProperty()
  summary_path: string;

  @ApiProperty({ type: [KindField], description: 'The fields of an event besides guild_id and an optional user_id' })
  fields: KindField[];

  @ApiProperty({ enum: FILTERS, isArray: true, description: 'The filters of view and summary' })
  filters: Filter[];

  @ApiProperty({ type: [String], description: 'The values of group_by' })
  group_by: string[];

  @ApiProperty({ type: KindMeasure, nullable: true, description: 'What the statistics of the summary are about' })
  measure: KindMeasure | null;

  @ApiProperty({ description: 'False for a kind of STATISTICS_FILE' })
  builtin: boolean;
}
