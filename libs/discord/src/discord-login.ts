import * as oauth from 'oauth4webapi';
import { AnswerFields, UnreadableAnswerError } from './answer-fields.js';
import { DiscordError } from './discord-error.js';
import { rateLimited } from './discord-failures.js';
import { readUser, type DiscordUser } from './user-calls.js';

const API_URL = 'https://discord.com/api';
const VERSION = 'v10';
/** The user's id and name, and the guilds with the user's permissions. */
const SCOPE = 'identify guilds';
/** The deadline of a request. */
const TIMEOUT_MS = 10_000;
/** A user without Nitro can be in 100 guilds, with Nitro in 200. */
const MAX_GUILDS = '200';
const UNKNOWN_RETRY_AFTER_MS = 1_000;

export interface DiscordLoginOptions {
  clientId: string;
  clientSecret: string;
  /** The URL to which Discord sends the browser back. It must be registered with the application. */
  redirectUrl: string;
  /** Without the version. @defaultValue Discord's API */
  apiUrl?: string;
  /** Called for each request that was made, with its route and the status of the answer, if one came. */
  onAnswer?: (route: string, status?: number) => void;
}

/** What the browser keeps between the start of a login and the callback. */
export interface LoginAttempt {
  /** Proves that the callback belongs to this browser. */
  state: string;
  /** PKCE: proves that the code was requested by this browser. */
  codeVerifier: string;
}

export interface DiscordAccess {
  accessToken: string;
  /** When Discord stops to accept the token. */
  expiresAt: Date;
}

/** A guild of a user who has logged in. */
export interface GuildOfUser {
  id: string;
  name: string;
  /** The icon's hash in Discord's CDN. Null without an icon. */
  icon: string | null;
  isOwner: boolean;
  /** The user's permissions in the guild. */
  permissions: bigint;
}

/** Why a login failed: the user refused, the callback is not of this login, or Discord does not accept the code. */
export type LoginRefusal = 'denied' | 'state' | 'code';

/** A login that the user has to begin again. */
export class LoginRefusedError extends Error {
  override readonly name = 'LoginRefusedError';

  constructor(
    readonly refusal: LoginRefusal,
    cause: unknown,
  ) {
    super(`the login with Discord failed (${refusal})`, { cause });
  }
}

/**
 * Login with Discord: OAuth2 with an authorization code and PKCE, and what the access token of a user may read.
 *
 * Calls throw DiscordError: `unauthorized` if Discord does not accept the token (any more), `rate_limited`, or
 * `unavailable`.
 */
export class DiscordLogin {
  private readonly server: oauth.AuthorizationServer;
  private readonly client: oauth.Client;
  private readonly authentication: oauth.ClientAuth;
  private readonly apiUrl: string;

  constructor(private readonly options: DiscordLoginOptions) {
    this.apiUrl = (options.apiUrl ?? API_URL).replace(/\/+$/, '');
    this.server = {
      issuer: new URL(this.apiUrl).origin,
      authorization_endpoint: `${this.apiUrl}/oauth2/authorize`,
      token_endpoint: `${this.apiUrl}/oauth2/token`,
      revocation_endpoint: `${this.apiUrl}/oauth2/token/revoke`,
    };
    this.client = { client_id: options.clientId };
    this.authentication = oauth.ClientSecretPost(options.clientSecret);
  }

  /** Begins a login. @returns what the browser has to keep, and the address to which it has to go */
  async begin(): Promise<{ attempt: LoginAttempt; url: string }> {
    const attempt = { state: oauth.generateRandomState(), codeVerifier: oauth.generateRandomCodeVerifier() };
    const url = new URL(this.server.authorization_endpoint!);
    url.search = new URLSearchParams({
      client_id: this.client.client_id,
      response_type: 'code',
      redirect_uri: this.options.redirectUrl,
      scope: SCOPE,
      state: attempt.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: 'S256',
      // Users who have allowed it before are not asked again.
      prompt: 'none',
    }).toString();
    return { attempt, url: url.href };
  }

  /**
   * Exchanges the code of the callback for an access token.
   *
   * @param callback the query parameters of the callback
   * @throws LoginRefusedError, DiscordError
   */
  async finish(callback: URLSearchParams, attempt: LoginAttempt): Promise<DiscordAccess> {
    const parameters = this.checkCallback(callback, attempt);
    const route = 'POST /oauth2/token';
    const response = await this.send(route, (options) =>
      oauth.authorizationCodeGrantRequest(
        this.server,
        this.client,
        this.authentication,
        parameters,
        this.options.redirectUrl,
        attempt.codeVerifier,
        options,
      ),
    );
    try {
      const answer = await oauth.processAuthorizationCodeResponse(this.server, this.client, response);
      const seconds = answer.expires_in ?? 0;
      return { accessToken: answer.access_token, expiresAt: new Date(Date.now() + seconds * 1_000) };
    } catch (error) {
      if (error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant') {
        throw new LoginRefusedError('code', error);
      }
      throw unavailable(route, 'Discord gave no access token', error);
    }
  }

  /** The user of this token. */
  async user(accessToken: string): Promise<DiscordUser> {
    const answer = await this.read('/users/@me', '', accessToken);
    return readAnswer('GET /users/@me', () => readUser(AnswerFields.of(answer)));
  }

  /** The guilds of the user of this token. */
  async guilds(accessToken: string): Promise<GuildOfUser[]> {
    const answer = await this.read('/users/@me/guilds', `?limit=${MAX_GUILDS}`, accessToken);
    return readAnswer('GET /users/@me/guilds', () => AnswerFields.each(answer, readGuildOfUser));
  }

  /** Makes Discord forget the token. */
  async revoke(accessToken: string): Promise<void> {
    await this.send('POST /oauth2/token/revoke', (options) =>
      oauth.revocationRequest(this.server, this.client, this.authentication, accessToken, options),
    );
  }

  private checkCallback(callback: URLSearchParams, { state }: LoginAttempt): URLSearchParams {
    try {
      return oauth.validateAuthResponse(this.server, this.client, callback, state);
    } catch (error) {
      throw new LoginRefusedError(error instanceof oauth.AuthorizationResponseError ? 'denied' : 'state', error);
    }
  }

  private async read(path: string, search: string, accessToken: string): Promise<unknown> {
    const url = `${this.apiUrl}/${VERSION}${path}${search}`;
    const route = `GET ${path}`;
    const response = await this.send(route, ({ signal }) =>
      fetch(url, { headers: { authorization: `Bearer ${accessToken}` }, signal: signal as AbortSignal }),
    );
    return response.json().catch((error: unknown) => {
      throw unavailable(route, 'the answer is not JSON', error);
    });
  }

  /** @returns an answer with a status of 200 to 299, or of 400 @throws DiscordError */
  private async send(
    route: string,
    request: (options: oauth.HttpRequestOptions<'POST', URLSearchParams>) => Promise<Response>,
  ): Promise<Response> {
    let response: Response;
    try {
      response = await request({
        signal: AbortSignal.timeout(TIMEOUT_MS),
        [oauth.allowInsecureRequests]: this.apiUrl.startsWith('http:'),
      });
    } catch (error) {
      this.options.onAnswer?.(route);
      throw unavailable(route, 'Discord did not answer', error);
    }
    this.options.onAnswer?.(route, response.status);
    if (response.ok || response.status === 400) return response;
    await response.body?.cancel();
    if (response.status === 401) {
      throw new DiscordError(`${route}: Discord does not accept the token`, { kind: 'unauthorized' }, { route });
    }
    if (response.status === 429) {
      const seconds = Number(response.headers.get('retry-after') ?? NaN);
      const retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : UNKNOWN_RETRY_AFTER_MS;
      throw rateLimited(route, { retryAfterMs, scope: 'user' });
    }
    throw unavailable(route, `Discord answered ${response.status}`);
  }
}

function readGuildOfUser(fields: AnswerFields): GuildOfUser {
  return {
    id: fields.id('id'),
    name: fields.text('name') ?? '',
    icon: fields.text('icon') ?? null,
    isOwner: fields.flag('owner'),
    permissions: fields.bits('permissions'),
  };
}

function readAnswer<T>(route: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnreadableAnswerError)) throw error;
    throw unavailable(route, `the answer cannot be read: ${error.message}`, error);
  }
}

function unavailable(route: string, reason: string, cause?: unknown): DiscordError {
  return new DiscordError(`${route}: ${reason}`, { kind: 'unavailable' }, { route, cause });
}
