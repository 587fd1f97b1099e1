import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  fieldIn,
  fieldsOf,
  filtersOf,
  groupingsOf,
  StatisticsContract,
  summaryPathOf,
  type CompiledKind,
  type StatisticKind,
} from '#libs/contracts';
import { Access } from '../../access/access.decorator.js';
import { listOf } from '../../answers/answer-schema.js';
import { modulePaths } from '../../http/route-paths.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { KindAnswer } from './dto/kind.dto.js';

@ApiTags('Statistics')
@Controller({ path: modulePaths('stats/kinds') })
export class KindsController {
  private readonly kinds: readonly KindAnswer[];

  constructor(contract: StatisticsContract) {
    this.kinds = contract.kinds.map(answerOf);
  }

  @Get()
  @Endpoint({
    operationId: 'listKinds',
    summary: 'List the kinds of statistics',
    description: 'The built-in kinds, then those that the operator has added. Clients can build themselves from it.',
    data: listOf(KindAnswer),
  })
  @Access('any')
  list(): readonly KindAnswer[] {
    return this.kinds;
  }
}

function answerOf({ name, definition, isBuiltIn }: CompiledKind): KindAnswer {
  const measured = measuredBy(definition);
  return {
    kind: name,
    title: definition.title,
    switch: definition.switch,
    bot_switch: definition.botSwitch ?? null,
    record_path: `/${definition.recordPath}`,
    view_path: `/${definition.viewPath}`,
    summary_path: `/${summaryPathOf(definition)}`,
    fields: fieldsOf(definition).map(({ name: field, column }) => ({ name: field, type: column })),
    filters: filtersOf(definition),
    group_by: [...groupingsOf(definition).keys()],
    measure: measured === undefined ? null : { field: measured, unit: 'milliseconds' },
    builtin: isBuiltIn,
  };
}

/** The field that the statistics of summaries are about: a delay, or a time from which the event is measured. */
function measuredBy(kind: StatisticKind): string | undefined {
  return fieldIn(kind, 'value') ?? fieldIn(kind, 'since') ?? kind.measuredSince;
}
