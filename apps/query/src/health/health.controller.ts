import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Registry } from 'prom-client';
import { HealthChecks } from '#libs/observability';
import { text } from '../answers/answer-schema.js';
import { WithoutEnvelope } from '../http/envelope.interceptor.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { LivenessAnswer, ReadinessAnswer } from './dto/health-answers.dto.js';

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
    operationId: 'getLiveness',
    summary: 'Check whether the process can answer requests',
    answers: { 200: { description: 'The process is alive', content: LivenessAnswer } },
  })
  @Access('open')
  livez(): LivenessAnswer {
    return { status: 'ok' };
  }

  @Get('readyz')
  @WithoutEnvelope()
  @Endpoint({
    operationId: 'getReadiness',
    summary: 'Check whether this instance is ready for requests',
    description:
      'Without the broker, the instance is ready, and its check is `degraded`: reads work, but events are refused.',
    answers: {
      200: { description: 'The instance is ready', content: ReadinessAnswer },
      503: { description: 'The instance is not ready', content: ReadinessAnswer },
    },
  })
  @Access('open')
  async readyz(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessAnswer> {
    const readiness = await this.health.readiness();
    reply.status(readiness.status === 'ready' ? 200 : 503);
    return readiness;
  }

  @Get('metrics')
  @WithoutEnvelope()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Endpoint({
    operationId: 'getMetrics',
    summary: 'Get metrics for Prometheus',
    answers: { 200: { description: 'All metrics', content: text(), mediaType: 'text/plain' } },
  })
  @Access('service')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
