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
 * Decides about every request, in this order: failed credentials of the address (429), credential (401), rate of the
 * key (429), and once the body is read: the fields that decide the right (400), right (403).
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly credentials: Credentials,
    private readonly rates: RequestRates,
  ) {}

  /**
   * Finds out who calls. A hook asks for it before the body is read.
   *
   * @throws TooManyRequestsError, UnauthorizedError, ServiceUnavailableError
   */
  async identify(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const secret = bearerToken(request);
    if (secret !== undefined && this.credentials.isServiceKey(secret)) {
      // Not limited, whatever others did from the same address: all may come through one proxy.
      request.principal = { kind: 'service' };
      return;
    }
    const network = networkOf(request.ip);
    const failures = this.rates.failuresOf(network);
    if (failures?.isUsedUp) {
      sendRateLimit(reply, failures);
      throw new TooManyRequestsError('Too many wrong credentials came from this address', failures.resetSeconds);
    }
    if (secret === undefined) throw new UnauthorizedError();
    const principal = await this.findCounted(secret, network);
    if (principal === undefined) {
      sendRateLimit(reply, this.rates.failuresOf(network));
      throw new UnauthorizedError();
    }
    request.principal = principal;
    request.apiKeyId = principal.keyId;
    this.countRequest(principal, reply);
  }

  /** Whether the caller has the right. @throws BadRequestError, ForbiddenError */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { access = 'service', decidedBy = {} } = request.routeOptions.config;
    const { principal, method } = request;
    if (access === 'open' || principal?.kind === 'service') return true;
    const { guild_id: guildId } = readDecidingFields(request, decidedBy);
    // The same answer whether the guild exists or not, and before anything of it is looked at.
    if (principal === null || !hasRight(principal, { access, method, guildId })) throw new ForbiddenError();
    return true;
  }

  /**
   * Whose key it is. One that is new counts as a failure until it is found: a database that is slow must not let
   * through more guesses than a fast one.
   */
  private async findCounted(secret: string, network: string): Promise<GuildPrincipal | undefined> {
    const isNews = this.credentials.isNews(secret);
    if (isNews) this.rates.countFailure(network);
    let isFailure = false;
    try {
      const principal = await this.credentials.find(secret);
      isFailure = principal === undefined;
      if (isFailure && !isNews) this.rates.countFailure(network);
      return principal;
    } finally {
      if (isNews && !isFailure) this.rates.takeBackFailure(network);
    }
  }

  private countRequest(principal: GuildPrincipal, reply: FastifyReply): void {
    const usage = this.rates.countRequest(principal.keyId);
    sendRateLimit(reply, usage);
    if (usage?.isExceeded) {
      throw new TooManyRequestsError('This key has made too many requests', usage.resetSeconds);
    }
  }
}

/** The fields on which the right depends, and no other: the rest of the request is checked after it. */
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
