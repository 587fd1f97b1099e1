import { Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { GuildForm } from '../forms/guild.form.js';
import { Form } from '../forms/form.decorator.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { API_NAME, VERSION } from '../product.js';
import { ModuleService } from './activation.service.js';
import { Greeting } from './dto/greeting.dto.js';
import { ModuleStatus } from './dto/module-status.dto.js';

@ApiTags('Module')
@Controller({ path: modulePaths() })
export class ModuleController {
  constructor(private readonly module: ModuleService) {}

  @Get()
  @Endpoint({
    access: 'open',
    operationId: 'getGreeting',
    summary: 'Name and version of this API',
    data: Greeting,
  })
  home(): Greeting {
    return { message: `${API_NAME} ${VERSION}` };
  }

  @Get('status')
  @Endpoint({
    access: 'guild',
    operationId: 'getModuleStatus',
    summary: 'Whether the module is enabled in a guild',
    query: GuildForm,
    data: ModuleStatus,
    errors: ['SettingsError'],
  })
  status(@Form() form: GuildForm): Promise<ModuleStatus> {
    return this.module.status(form.guild_id);
  }

  @Post('enable')
  @Endpoint({
    access: 'guild',
    operationId: 'enableModule',
    summary: 'Enable the module in a guild',
    description: 'A guild that is new gets default settings: every component and every statistic off.',
    body: GuildForm,
    data: ModuleStatus,
    errors: ['ModuleEnabledError', 'DatabaseError'],
  })
  enable(@Form() form: GuildForm): Promise<ModuleStatus> {
    return this.module.enable(form.guild_id);
  }

  @Post('disable')
  @Endpoint({
    access: 'guild',
    operationId: 'disableModule',
    summary: 'Disable the module in a guild',
    description: 'Stops collection at once. Settings and recorded statistics stay.',
    body: GuildForm,
    data: ModuleStatus,
    errors: ['ModuleDisabledError', 'DatabaseError'],
  })
  disable(@Form() form: GuildForm): Promise<ModuleStatus> {
    return this.module.disable(form.guild_id);
  }
}
