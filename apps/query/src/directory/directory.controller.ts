import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../access/access.decorator.js';
import { listOf } from '../answers/answer-schema.js';
import { rootPaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { DirectoryAnswer, DirectoryRequest, UserNameAnswer, UserNamesRequest } from './dto/directory.dto.js';
import { GuildDirectory } from './guild-directory.service.js';
import { UserNames } from './user-names.service.js';

@ApiTags('Directory')
@Controller({ path: rootPaths('directory') })
export class DirectoryController {
  constructor(
    private readonly guilds: GuildDirectory,
    private readonly users: UserNames,
  ) {}

  @Get()
  @Endpoint({
    operationId: 'readDirectory',
    summary: 'Name the guild, its channels and its roles',
    description: 'As Discord tells them to the bot, up to two minutes ago.',
    data: DirectoryAnswer,
  })
  @Access('guild')
  read(@Query() { guild_id }: DirectoryRequest): Promise<DirectoryAnswer> {
    return this.guilds.of(guild_id);
  }

  @Get('users')
  @Endpoint({
    operationId: 'nameUsers',
    summary: 'Name users of a guild',
    description: 'In the order of the ids, at most 100. As Discord tells them to the bot, up to ten minutes ago.',
    data: listOf(UserNameAnswer),
  })
  @Access('guild')
  names(@Query() { guild_id, ids }: UserNamesRequest): Promise<UserNameAnswer[]> {
    return this.users.of(guild_id, ids);
  }
}
