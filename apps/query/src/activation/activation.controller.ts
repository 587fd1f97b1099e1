import { Body, Controller, Get, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { VERSION } from '#libs/observability';
import { requestLogIds } from '../http/request-log-ids.js';
import { modulePaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { GuildRequest } from '../requests/guild-request.dto.js';
import { API_NAME } from '../product.js';
import { ActivationService } from './activation.service.js';
import { Greeting } from './dto/greeting.dto.js';
import { ModuleStatus } from './dto/module-status.dto.js';

@ApiTags('Module')
@Controller({ path: modulePaths() })
export class ActivationController {
  constructor(private readonly activation: ActivationService) {}

  @Get()
  @Endpoint({
    operationId: 'getGreeting',
    summary: 'Get the name and version of the API',
    data: Greeting,
  })
  @Access('open')
  home(): Greeting {
    return { message: `${API_NAME} ${VERSION}` };
  }

  @Get('status')
  @Endpoint({
    operationId: 'getModuleStatus',
    summary: 'Get whether the module is enabled in a guild',
    data: ModuleStatus,
    errors: ['SettingsError'],
  })
  @Access('guild')
  status(@Query() request: GuildRequest): Promise<ModuleStatus> {
    return this.activation.status(request.guild_id);
  }

  @Post('enable')
  @Endpoint({
    operationId: 'enableModule',
    summary: 'Enable the module in a guild',
    description: 'A new guild gets the default settings, with every component and every statistic off.',
    data: ModuleStatus,
    errors: ['ModuleEnabledError', 'DatabaseError'],
  })
  @Access('guild')
  enable(@Body() request: GuildRequest, @Req() http: FastifyRequest): Promise<ModuleStatus> {
    return this.activation.enable(request.guild_id, requestLogIds(http));
  }

  @Post('disable')
  @Endpoint({
    operationId: 'disableModule',
    summary: 'Disable the module in a guild',
    description: 'Stops collection immediately. Settings and recorded statistics are kept.',
    data: ModuleStatus,
    errors: ['ModuleDisabledError', 'DatabaseError'],
  })
  @Access('guild')
  disable(@Body() request: GuildRequest): Promise<ModuleStatus> {
    return this.activation.disable(request.guild_id);
  }
}
