import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ForbiddenError, TooManyRequestsError, UnauthorizedError } from '../http/api-error.js';
import { isCsrfTokenOf } from '#libs/sessions';
import { Credentials, type SessionOfRequest } from './credentials.js';
import { networkOf } from './network.js';
import type { Principal } from './principal.js';
import { sendRateLimit } from './rate-limit-headers.js';
import { RequestRates } from './request-rates.js';
import { isReading } from './rights.js';
import { CSRF_HEADER } from './session-cookie.js';

/**
 * Finds out who sent a request. It checks, in this order: the failed attempts of the client's network (429), the
 * credential (401) and the rate limit of its owner (429).
 *
 * All methods throw TooManyRequestsError, UnauthorizedError and ServiceUnavailableError.
 */
@Injectable()
export class Identification {
  constructor(
    private readonly credentials: Credentials,
    private readonly rates: RequestRates,
  ) {}

  /** The owner of a key. @param key undefined if the caller sent none */
  async byKey(key: string | undefined, request: FastifyRequest, reply: FastifyReply): Promise<Principal> {
    // Exempt from the limit of failed attempts: the bot may share a proxy's address with other clients.
    if (key !== undefined && this.credentials.isServiceKey(key)) return { kind: 'service' };
    const network = this.refuseGuessing(request, reply);
    if (key === undefined) throw new UnauthorizedError();
    const principal = await this.find(network, reply, {
      isUncached: this.credentials.isUncachedKey(key),
      read: () => this.credentials.findKeyOwner(key),
    });
    this.countRequest(principal, reply);
    return principal;
  }

  /** The owner of a session. @throws also ForbiddenError for a request that changes something, without CSRF token */
  async bySession(
    secret: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<{ principal: Principal; session: SessionOfRequest }> {
    const network = this.refuseGuessing(request, reply);
    const found = await this.find(network, reply, {
      isUncached: this.credentials.isUncachedSession(secret),
      read: () => this.credentials.findSession(secret),
    });
    this.countRequest(found.principal, reply);
    const token = request.headers[CSRF_HEADER];
    if (!isReading(request.method) && (typeof token !== 'string' || !isCsrfTokenOf(secret, token))) {
      throw new ForbiddenError('A request of a session needs its CSRF token in the header X-CSRF-Token');
    }
    return found;
  }

  private refuseGuessing(request: FastifyRequest, reply: FastifyReply): string {
    const network = networkOf(request.ip);
    const failures = this.rates.failuresOf(network);
    if (!failures?.isUsedUp) return network;
    sendRateLimit(reply, failures);
    throw new TooManyRequestsError('Too many failed authentication attempts from this address', failures.resetSeconds);
  }

  /**
   * A credential that is not cached counts as a failed attempt until the database has returned it. Otherwise a slow
   * database would let more guesses through than a fast one.
   */
  private async find<T>(
    network: string,
    reply: FastifyReply,
    { isUncached, read }: { isUncached: boolean; read: () => Promise<T | undefined> },
  ): Promise<T> {
    if (isUncached) this.rates.countFailure(network);
    let found: T | undefined;
    let isFailure = false;
    try {
      found = await read();
      isFailure = found === undefined;
      if (isFailure && !isUncached) this.rates.countFailure(network);
    } finally {
      if (isUncached && !isFailure) this.rates.uncountFailure(network);
    }
    if (found !== undefined) return found;
    sendRateLimit(reply, this.rates.failuresOf(network));
    throw new UnauthorizedError();
  }

  /** The service key is not limited. */
  private countRequest(principal: Principal, reply: FastifyReply): void {
    if (principal.kind === 'service') return;
    const owner = principal.kind === 'guild' ? principal.keyId : `member ${principal.userId}`;
    const usage = this.rates.countRequest(owner);
    sendRateLimit(reply, usage);
    if (!usage?.isExceeded) return;
    const what = principal.kind === 'guild' ? 'with this API key' : 'of this member';
    throw new TooManyRequestsError(`Too many requests ${what}`, usage.resetSeconds);
  }
}
