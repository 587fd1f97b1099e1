import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FIELD_TYPES, mustBe, type FieldError } from '#libs/contracts';
import { BadRequestError, ForbiddenError, TooManyRequestsError, UnauthorizedError } from '../http/api-error.js';
import { requestFields } from '../requests/request-fields.js';
import { DECIDING_FIELDS, type DecidingFields } from './access.decorator.js';
import { Credentials } from './credentials.js';
import { networkOf } from './network.js';
import type { GuildPrincipal } from './principal.js';
import { sendRateLimit } from './rate-limit-headers.js';
import { RequestRates } from './request-rates.js';
import { hasRight } from './rights.js';

/**
 * Authenticates and authorizes every request. It checks, in this order: the failed attempts of the client's network
 * (429), the credential (401), the rate limit of the key (429) and, after the body is read, the fields that
 * authorization depends on (400) and the caller's permission (403).
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly credentials: Credentials,
    private readonly rates: RequestRates,
  ) {}

  /**
   * Authenticates the caller. A Fastify hook calls it before the body is read.
   *
   * @throws TooManyRequestsError, UnauthorizedError, ServiceUnavailableError
   */
  async identify(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const secret = bearerToken(request);
    if (secret !== undefined && this.credentials.isServiceKey(secret)) {
      // Exempt from the limit of failed attempts: the bot may share a proxy's address with other clients.
      request.principal = { kind: 'service' };
      return;
    }
    const network = networkOf(request.ip);
    const failures = this.rates.failuresOf(network);
    if (failures?.isUsedUp) {
      sendRateLimit(reply, failures);
      throw new TooManyRequestsError(
        'Too many failed authentication attempts from this address',
        failures.resetSeconds,
      );
    }
    if (secret === undefined) throw new UnauthorizedError();
    const principal = await this.findPrincipal(secret, network);
    if (principal === undefined) {
      sendRateLimit(reply, this.rates.failuresOf(network));
      throw new UnauthorizedError();
    }
    request.principal = principal;
    request.apiKeyId = principal.keyId;
    this.countRequest(principal, reply);
  }

  /** Authorizes the caller. @throws BadRequestError, ForbiddenError */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { access = 'service', decidedBy = {} } = request.routeOptions.config;
    const { principal, method } = request;
    if (access === 'open' || principal?.kind === 'service') return true;
    const { guild_id: guildId } = readDecidingFields(request, decidedBy);
    // The response must not reveal whether the guild exists, so this comes before anything is read from the database.
    if (principal === null || !hasRight(principal, { access, method, guildId })) throw new ForbiddenError();
    return true;
  }

  /**
   * Finds the owner of an API key. A key that is not cached counts as a failed attempt until the database has returned
   * it. Otherwise a slow database would let more guesses through than a fast one.
   */
  private async findPrincipal(secret: string, network: string): Promise<GuildPrincipal | undefined> {
    const isUncached = this.credentials.isUncached(secret);
    if (isUncached) this.rates.countFailure(network);
    let isFailure = false;
    try {
      const principal = await this.credentials.find(secret);
      isFailure = principal === undefined;
      if (isFailure && !isUncached) this.rates.countFailure(network);
      return principal;
    } finally {
      if (isUncached && !isFailure) this.rates.uncountFailure(network);
    }
  }

  private countRequest(principal: GuildPrincipal, reply: FastifyReply): void {
    const usage = this.rates.countRequest(principal.keyId);
    sendRateLimit(reply, usage);
    if (usage?.isExceeded) {
      throw new TooManyRequestsError('Too many requests with this API key', usage.resetSeconds);
    }
  }
}

/** Reads only the fields that authorization depends on. The other fields are validated after authorization. */
function readDecidingFields(request: FastifyRequest, decidedBy: DecidingFields): Partial<Record<string, string>> {
  const names = DECIDING_FIELDS.filter((name) => decidedBy[name] !== undefined);
  if (names.length === 0) return {};
  const fields = requestFields(request, (name) => (names as string[]).includes(name));
  const values: Partial<Record<string, string>> = {};
  const mistakes: FieldError[] = [];
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined) {
      if (decidedBy[name] === 'required') mistakes.push({ field: name, message: 'is required' });
      continue;
    }
    values[name] = FIELD_TYPES.snowflake.parse(value);
    if (values[name] === undefined) mistakes.push(mustBe(name, 'snowflake'));
  }
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
  return values;
}

function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
