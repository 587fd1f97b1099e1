import { ApiExtraModels, ApiProperty, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import type { CheckResult, Readiness } from '#libs/observability';
import { ConstantProperty, SchemaProperty, WordProperty } from '../../answers/answer-properties.js';

@ApiSchema({ name: 'Liveness' })
export class LivenessAnswer {
  @ConstantProperty('ok')
  status: 'ok';
}

@ApiSchema({ name: 'HealthCheck' })
export class CheckAnswer implements CheckResult {
  @WordProperty(['ok', 'degraded', 'failed'])
  status: CheckResult['status'];

  @ApiProperty({ required: false, description: 'What is wrong, as a message for people' })
  message?: string;
}

@ApiExtraModels(CheckAnswer)
@ApiSchema({ name: 'Readiness' })
export class ReadinessAnswer implements Readiness {
  @WordProperty(['ready', 'not_ready'])
  status: Readiness['status'];

  @SchemaProperty(
    { type: 'object', additionalProperties: { $ref: getSchemaPath(CheckAnswer) } },
    { description: 'The checks by dependency: database, rabbitmq, discord' },
  )
  checks: Record<string, CheckAnswer>;
}
