import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Registry } from 'prom-client';
import type { JsonSchema } from '#libs/contracts';
import { HealthChecks, type Readiness } from '#libs/observability';
import { WithoutEnvelope } from '../http/envelope.interceptor.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { objectOf } from '../openapi/schemas.js';

const READINESS_SCHEMA = objectOf({
  status: { enum: ['ready', 'not_ready'] },
  checks: {
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['status'],
      properties: { status: { enum: ['ok', 'degraded', 'failed'] }, message: { type: 'string' } },
    },
  },
}) satisfies JsonSchema;

/** For orchestrators and Prometheus. */
@ApiTags('Operations')
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthChecks,
    private readonly registry: Registry,
  ) {}

  @Get('livez')
  @WithoutEnvelope()
  @Endpoint({
    summary: 'Whether the process can answer',
    answers: { 200: { description: 'It can', schema: objectOf({ status: { const: 'ok' } }) } },
  })
  @Access('open')
  livez(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @WithoutEnvelope()
  @Endpoint({
    summary: 'Whether this instance can do its work now',
    description: 'Without the broker it is ready, and `degraded`: it reads, and cannot take events.',
    answers: {
      200: { description: 'It can', schema: READINESS_SCHEMA },
      503: { description: 'It cannot', schema: READINESS_SCHEMA },
    },
  })
  @Access('open')
  async readyz(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.health.readiness();
    reply.status(readiness.status === 'ready' ? 200 : 503);
    return readiness;
  }

  @Get('metrics')
  @WithoutEnvelope()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Endpoint({
    summary: 'Metrics for Prometheus',
    answers: { 200: { description: 'All metrics', schema: { type: 'string' }, mediaType: 'text/plain' } },
  })
  @Access('service')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
