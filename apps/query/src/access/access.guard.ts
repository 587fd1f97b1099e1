import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FIELD_TYPES, mustBe, type FieldError } from '#libs/contracts';
import { BadRequestError, ForbiddenError } from '../http/api-error.js';
import { requestFields } from '../requests/request-fields.js';
import { DECIDING_FIELDS, type DecidingFields } from './access.decorator.js';
import { Identification } from './identification.js';
import { MemberProfiles } from './member-profiles.js';
import type { MemberPrincipal } from './principal.js';
import { hasRight, type RequestedAccess } from './rights.js';
import { sessionSecretOf } from './session-cookie.js';

/**
 * Authenticates and authorizes every request: first {@link Identification}, before the body is read, then the fields
 * that authorization depends on (400) and the caller's permission (403).
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly identification: Identification,
    private readonly profiles: MemberProfiles,
  ) {}

  /**
   * Authenticates the caller, by a key or else by the cookie of a session. A Fastify hook calls it before the body is
   * read.
   *
   * @throws TooManyRequestsError, UnauthorizedError, ForbiddenError, ServiceUnavailableError
   */
  async identify(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const cookie = request.headers.authorization === undefined ? sessionSecretOf(request) : undefined;
    if (cookie === undefined) {
      request.principal = await this.identification.byKey(bearerToken(request), request, reply);
    } else {
      const { principal, session } = await this.identification.bySession(cookie, request, reply);
      request.principal = principal;
      request.session = session;
    }
    if (request.principal.kind === 'guild') request.apiKeyId = request.principal.keyId;
  }

  /** Authorizes the caller. @throws BadRequestError, ForbiddenError, and the errors of {@link MemberProfiles} */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { access = 'service', decidedBy = {} } = request.routeOptions.config;
    const { principal, method } = request;
    if (access === 'open' || principal?.kind === 'service') return true;
    const { guild_id: guildId, privacy_member_id: memberId } = readDecidingFields(request, decidedBy);
    const requested = { access, method, guildId, memberId };
    // The response must not reveal whether the guild exists, so this comes before anything is read from the database.
    if (principal?.kind === 'member') return this.authorizeMember(principal, requested);
    if (principal === null || !hasRight(principal, requested)) throw new ForbiddenError();
    return true;
  }

  /** Asks Discord only if the right depends on the guilds that the member manages. */
  private async authorizeMember(member: MemberPrincipal, requested: RequestedAccess): Promise<boolean> {
    if (hasRight(member, requested)) return true;
    if (requested.guildId === undefined) throw new ForbiddenError();
    const { managedGuilds } = await this.profiles.of(member);
    if (!hasRight(member, requested, managedGuilds)) throw new ForbiddenError();
    return true;
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
