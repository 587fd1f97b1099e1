import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DiscordAnswers } from './discord-answers.js';
import type { DiscordState } from './discord-state.js';
import { bitsOf, type PermissionName } from './permission-bits.js';

/** The application that people log in to. */
export interface LoginApplication {
  clientId: string;
  clientSecret: string;
  /** The only redirect URL that is registered. */
  redirectUrl: string;
}

interface IssuedCode {
  userId: string;
  challenge: string;
}

interface Membership {
  guildId: string;
  isOwner: boolean;
  permissions: bigint;
}

const OAUTH = '/api/oauth2/';
const API = '/api/v10';
const SCOPE = 'identify guilds';
const WEEK_SECONDS = 604_800;
const MOST_GUILDS = 200;

/**
 * Discord's login (OAuth2 with an authorization code and PKCE), and what a user's token may read. It is strict: a request
 * that breaks the rules of OAuth2 or Discord is refused and added to `violations`.
 */
export class LoginDouble {
  application?: LoginApplication;
  /** The user who is logged in to Discord in the browser. Undefined: they refuse. */
  visitor?: string;
  /** How long new tokens are valid, in seconds. */
  tokenSeconds = WEEK_SECONDS;
  private readonly codes = new Map<string, IssuedCode>();
  private readonly tokens = new Map<string, string>();
  private readonly memberships = new Map<string, Membership[]>();

  constructor(
    private readonly state: DiscordState,
    private readonly answers: DiscordAnswers,
    private readonly violations: string[],
  ) {}

  /** Lets a user be a member of a guild with these permissions. Replaces an earlier membership. */
  join(userId: string, guildId: string, permissions: readonly PermissionName[] = [], isOwner = false): void {
    this.leave(userId, guildId);
    this.membershipsOf(userId).push({ guildId, isOwner, permissions: bitsOf(permissions) });
  }

  leave(userId: string, guildId: string): void {
    this.memberships.set(
      userId,
      this.membershipsOf(userId).filter((membership) => membership.guildId !== guildId),
    );
  }

  /** All tokens stop to work, as if the users had removed the application. */
  forgetTokens(): void {
    this.tokens.clear();
  }

  get tokenCount(): number {
    return this.tokens.size;
  }

  isFor(pathname: string, { headers }: IncomingMessage): boolean {
    return pathname.startsWith(OAUTH) || (headers.authorization?.startsWith('Bearer ') ?? false);
  }

  serve(request: IncomingMessage, raw: Buffer, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://double');
    switch (`${request.method} ${url.pathname}`) {
      case `GET ${OAUTH}authorize`:
        return this.authorize(url.searchParams, response);
      case `POST ${OAUTH}token`:
        return this.withForm(request, raw, response, (form) => this.exchange(form, response));
      case `POST ${OAUTH}token/revoke`:
        return this.withForm(request, raw, response, (form) => {
          this.tokens.delete(form.get('token') ?? '');
          send(response, 200, {});
        });
      case `GET ${API}/users/@me`:
        return this.withUser(request, response, (userId) =>
          send(response, 200, this.answers.self(this.state.users.get(userId)!)),
        );
      case `GET ${API}/users/@me/guilds`:
        return this.withUser(request, response, (userId) => this.sendGuilds(userId, url.searchParams, response));
      default:
        return this.refuse(response, 404, 'not_found', `the login double knows no ${request.method} ${url.pathname}`);
    }
  }

  private authorize(query: URLSearchParams, response: ServerResponse): void {
    const { application, visitor } = this;
    const wrong = [
      query.get('client_id') === application?.clientId ? [] : ['client_id'],
      query.get('redirect_uri') === application?.redirectUrl ? [] : ['redirect_uri'],
      query.get('response_type') === 'code' ? [] : ['response_type'],
      query.get('scope') === SCOPE ? [] : ['scope'],
      (query.get('state') ?? '').length >= 16 ? [] : ['state'],
      query.get('code_challenge_method') === 'S256' ? [] : ['code_challenge_method'],
      /^[A-Za-z0-9_-]{43}$/.test(query.get('code_challenge') ?? '') ? [] : ['code_challenge'],
    ].flat();
    if (wrong.length > 0) return this.refuse(response, 400, 'invalid_request', `authorize: wrong ${wrong.join(', ')}`);
    const callback = new URL(application!.redirectUrl);
    if (visitor === undefined) {
      callback.searchParams.set('error', 'access_denied');
      callback.searchParams.set('error_description', 'The resource owner or authorization server denied the request');
    } else {
      const code = randomBytes(15).toString('base64url');
      this.codes.set(code, { userId: visitor, challenge: query.get('code_challenge')! });
      callback.searchParams.set('code', code);
    }
    callback.searchParams.set('state', query.get('state')!);
    response.writeHead(302, { location: callback.href }).end();
  }

  private exchange(form: URLSearchParams, response: ServerResponse): void {
    const code = form.get('code') ?? '';
    const issued = this.codes.get(code);
    this.codes.delete(code); // a code works once
    if (form.get('grant_type') !== 'authorization_code') {
      return this.refuse(response, 400, 'unsupported_grant_type', 'token: wrong grant_type');
    }
    if (form.get('redirect_uri') !== this.application?.redirectUrl) {
      return this.refuse(response, 400, 'invalid_request', 'token: wrong redirect_uri');
    }
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    // Whoever brings a made-up code is not at fault as a client.
    if (issued?.challenge !== challenge) return send(response, 400, { error: 'invalid_grant' });
    const token = randomBytes(15).toString('base64url');
    this.tokens.set(token, issued.userId);
    send(response, 200, {
      access_token: token,
      token_type: 'Bearer',
      expires_in: this.tokenSeconds,
      refresh_token: randomBytes(15).toString('base64url'),
      scope: SCOPE,
    });
  }

  /** Reads a form with the credentials of the application. */
  private withForm(
    { headers }: IncomingMessage,
    raw: Buffer,
    response: ServerResponse,
    work: (form: URLSearchParams) => void,
  ): void {
    if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      return this.refuse(response, 400, 'invalid_request', 'the body is not a form');
    }
    const form = new URLSearchParams(raw.toString());
    const { clientId, clientSecret } = this.application ?? {};
    if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret) {
      return this.refuse(response, 401, 'invalid_client', 'wrong client_id or client_secret');
    }
    work(form);
  }

  private withUser({ headers }: IncomingMessage, response: ServerResponse, work: (userId: string) => void): void {
    const userId = this.tokens.get(headers.authorization!.slice('Bearer '.length));
    if (userId === undefined) return send(response, 401, { message: '401: Unauthorized', code: 0 });
    work(userId);
  }

  private sendGuilds(userId: string, query: URLSearchParams, response: ServerResponse): void {
    const limit = Number(query.get('limit') ?? MOST_GUILDS);
    if (!(limit >= 1 && limit <= MOST_GUILDS)) this.violations.push(`guilds: wrong limit ${query.get('limit')}`);
    const guilds = this.membershipsOf(userId).map(({ guildId, isOwner, permissions }) =>
      this.answers.partialGuild(this.state.guild(guildId), isOwner, permissions),
    );
    send(response, 200, guilds.slice(0, limit));
  }

  private membershipsOf(userId: string): Membership[] {
    const memberships = this.memberships.get(userId) ?? [];
    this.memberships.set(userId, memberships);
    return memberships;
  }

  private refuse(response: ServerResponse, status: number, error: string, violation: string): void {
    this.violations.push(violation);
    send(response, status, { error });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
