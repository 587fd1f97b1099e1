import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { modulePaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { ID_SCHEMA, objectOf } from '../openapi/schemas.js';
import { GuildRequest } from '../requests/guild-request.dto.js';
import { API_NAME, VERSION } from '../product.js';
import { ActivationService, type Activation } from './activation.service.js';

const STATUS_SCHEMA = objectOf({ guild_id: ID_SCHEMA, enabled: { type: 'boolean' } });

@ApiTags('Module')
@Controller({ path: modulePaths() })
export class ActivationController {
  constructor(private readonly activation: ActivationService) {}

  @Get()
  @Endpoint({
    summary: 'Name and version of this API',
    data: objectOf({ message: { type: 'string' } }),
  })
  @Access('open')
  home(): { message: string } {
    return { message: `${API_NAME} ${VERSION}` };
  }

  @Get('status')
  @Endpoint({
    summary: 'Whether the module is enabled in a guild',
    data: STATUS_SCHEMA,
    errors: ['SettingsError'],
  })
  @Access('guild')
  status(@Query() request: GuildRequest): Promise<Activation> {
    return this.activation.status(request.guild_id);
  }

  @Post('enable')
  @Endpoint({
    summary: 'Enable the module in a guild',
    description: 'A guild that is new gets default settings: every component and every statistic off.',
    data: STATUS_SCHEMA,
    errors: ['ModuleEnabledError', 'DatabaseError'],
  })
  @Access('guild')
  enable(@Body() request: GuildRequest): Promise<Activation> {
    return this.activation.enable(request.guild_id);
  }

  @Post('disable')
  @Endpoint({
    summary: 'Disable the module in a guild',
    description: 'Stops collection at once. Settings and recorded statistics stay.',
    data: STATUS_SCHEMA,
    errors: ['ModuleDisabledError', 'DatabaseError'],
  })
  @Access('guild')
  disable(@Body() request: GuildRequest): Promise<Activation> {
    return this.activation.disable(request.guild_id);
  }
}
