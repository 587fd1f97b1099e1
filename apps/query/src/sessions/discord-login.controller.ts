import { Controller, Get, Inject, Optional, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DiscordError, DiscordLogin, LoginRefusedError } from '#libs/discord';
import { describeError, Logger } from '#libs/observability';
import { Access } from '../access/access.decorator.js';
import { setSessionCookies } from '../access/session-cookie.js';
import { NotFoundError } from '../http/api-error.js';
import { rootPaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { LoginCallbackRequest, LoginRequest } from './dto/session-requests.dto.js';
import { clearLoginCookie, localPath, pendingLoginOf, setLoginCookie } from './login-cookie.js';
import { LoginConfig, usesHttps } from './login-config.js';
import { SessionsService } from './sessions.service.js';

const REDIRECT = { 302: { description: 'To the next page' } };

/** The login with Discord. Browsers open these addresses, so they answer with redirects. */
@ApiTags('Sessions')
@Controller({ path: rootPaths('auth') })
export class DiscordLoginController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly config: LoginConfig,
    private readonly logger: Logger,
    @Optional() @Inject(DiscordLogin) private readonly discord?: DiscordLogin,
  ) {}

  @Get('login')
  @Endpoint({
    operationId: 'beginDiscordLogin',
    summary: 'Log in with Discord',
    description: 'Sends the browser to Discord. NotFoundError if login with Discord is not configured.',
    answers: REDIRECT,
    errors: ['NotFoundError'],
  })
  @Access('open')
  async begin(@Query() { return_to }: LoginRequest, @Res() reply: FastifyReply): Promise<void> {
    const { attempt, url } = await this.login().begin();
    setLoginCookie(reply, { ...attempt, returnTo: localPath(return_to) }, this.cookies);
    await reply.redirect(url, 302);
  }

  @Get('callback')
  @Endpoint({
    operationId: 'finishDiscordLogin',
    summary: 'Where Discord sends the browser after the login',
    description:
      'Begins a session and opens the dashboard. If the login failed, it opens /login with the query parameter ' +
      '`error`: `denied` (the user refused), `state` (not the login of this browser, or older than ten minutes), ' +
      '`code` (Discord does not accept the code) or `discord` (Discord did not answer).',
    answers: REDIRECT,
    errors: ['NotFoundError', 'DatabaseError'],
  })
  @Access('open')
  async finish(
    @Query() callback: LoginCallbackRequest,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const discord = this.login();
    const pending = pendingLoginOf(request);
    clearLoginCookie(reply, this.cookies);
    try {
      if (pending === undefined) throw new LoginRefusedError('state', undefined);
      const access = await discord.finish(new URLSearchParams({ ...callback }), pending);
      const { id } = await discord.user(access.accessToken);
      setSessionCookies(reply, await this.sessions.beginWithDiscord(id, access), this.cookies);
      await reply.redirect(this.addressOf(pending.returnTo), 302);
    } catch (error) {
      await reply.redirect(this.addressOf(`/login?error=${this.reasonOf(error)}`), 302);
    }
  }

  /** @throws the error, if it is not about the login */
  private reasonOf(error: unknown): string {
    if (error instanceof LoginRefusedError) return error.refusal;
    if (!(error instanceof DiscordError)) throw error;
    this.logger.warn({ error: describeError(error) }, 'a login with Discord failed');
    return 'discord';
  }

  private login(): DiscordLogin {
    if (this.discord === undefined) throw new NotFoundError('Login with Discord is not configured');
    return this.discord;
  }

  private addressOf(path: string): string {
    return `${this.config.publicUrl}${path}`;
  }

  private get cookies() {
    return { secure: usesHttps(this.config) };
  }
}
