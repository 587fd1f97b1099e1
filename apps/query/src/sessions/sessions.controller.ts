import { Body, Controller, Get, Inject, Optional, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DiscordLogin } from '#libs/discord';
import { csrfTokenOf } from '#libs/sessions';
import { Access } from '../access/access.decorator.js';
import { Identification } from '../access/identification.js';
import type { GuildPrincipal, ServicePrincipal } from '../access/principal.js';
import { clearSessionCookies, setSessionCookies } from '../access/session-cookie.js';
import { SessionDirectory } from '../access/session-directory.js';
import { rootPaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { CallerService } from './caller.service.js';
import { BegunSessionAnswer, CallerAnswer, EndedSessionAnswer } from './dto/session-answers.dto.js';
import { BeginSessionRequest } from './dto/session-requests.dto.js';
import { LoginConfig, usesHttps } from './login-config.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('Sessions')
@Controller({ path: rootPaths('auth') })
export class SessionsController {
  constructor(
    private readonly identification: Identification,
    private readonly sessions: SessionsService,
    private readonly directory: SessionDirectory,
    private readonly caller: CallerService,
    private readonly config: LoginConfig,
    @Optional() @Inject(DiscordLogin) private readonly discord?: DiscordLogin,
  ) {}

  @Post('session')
  @Endpoint({
    operationId: 'beginSession',
    summary: 'Log in with a key',
    description:
      'Sets the cookie `serverstats_session`, which then stands for the key. It ends after 7 days, with a logout, and ' +
      'with the key.',
    data: BegunSessionAnswer,
    errors: ['UnauthorizedError', 'TooManyRequestsError', 'ServiceUnavailableError', 'DatabaseError'],
  })
  @Access('open')
  async begin(
    @Body() { key }: BeginSessionRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BegunSessionAnswer> {
    const principal = (await this.identification.byKey(key, request, reply)) as ServicePrincipal | GuildPrincipal;
    const session = await this.sessions.beginWithKey(key, principal);
    setSessionCookies(reply, session, { secure: usesHttps(this.config) });
    return {
      principal: principal.kind,
      csrf_token: csrfTokenOf(session.secret),
      expires_at: session.expires.toISOString(),
    };
  }

  @Post('logout')
  @Endpoint({
    operationId: 'endSession',
    summary: 'Log out',
    description: 'The session ends on every instance within one second. Keys are not affected.',
    data: EndedSessionAnswer,
    errors: ['DatabaseError'],
  })
  @Access('any')
  async end(
    @Req() { session, principal }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EndedSessionAnswer> {
    if (session !== null) await this.directory.end(session);
    clearSessionCookies(reply, { secure: usesHttps(this.config) });
    // The session has ended, whether Discord answers or not.
    if (principal?.kind === 'member') void this.discord?.revoke(principal.accessToken).catch(() => undefined);
    return { logged_out: true };
  }

  @Get('me')
  @Endpoint({
    operationId: 'describeCaller',
    summary: 'Say who the credential belongs to, and which guilds it may read',
    data: CallerAnswer,
    errors: ['DiscordApiInteractionError'],
  })
  @Access('any')
  me(@Req() { principal, session }: FastifyRequest): Promise<CallerAnswer> {
    return this.caller.describe(principal!, session);
  }
}
