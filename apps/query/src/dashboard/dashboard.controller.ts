import { Controller, Get, Header, Inject, Optional, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DiscordLogin } from '#libs/discord';
import { Access } from '../access/access.decorator.js';
import { NotFoundError } from '../http/api-error.js';
import { WithoutEnvelope } from '../http/envelope.interceptor.js';
import { DashboardFiles } from './dashboard-files.js';

const FILE_NAME = /^\w[\w.-]*$/;

/** The dashboard: one HTML page for all its addresses, and the files that it loads. */
@ApiExcludeController()
@Controller()
export class DashboardController {
  private readonly html: string;

  constructor(files: DashboardFiles, @Optional() @Inject(DiscordLogin) discord?: DiscordLogin) {
    this.html = files.page({ discordLogin: discord !== undefined });
  }

  @Get(['/', 'login', 'me', 'g/*'])
  @WithoutEnvelope()
  @Header('content-type', 'text/html; charset=utf-8')
  @Access('open')
  page(): string {
    return this.html;
  }

  /** Their names change with their content. */
  @Get('assets/:file')
  @Access('open')
  async asset(@Param('file') file: string, @Res() reply: FastifyReply): Promise<void> {
    if (!FILE_NAME.test(file)) throw new NotFoundError();
    await reply.sendFile(`assets/${file}`, { maxAge: '1y', immutable: true });
  }

  @Get(['favicon.svg', 'theme.js'])
  @Access('open')
  async file(@Req() { routeOptions }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await reply.sendFile(routeOptions.url!.slice(1), { cacheControl: false });
  }
}
