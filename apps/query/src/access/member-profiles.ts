import { Inject, Injectable, Optional } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DiscordError, DiscordLogin, managesGuild, type DiscordUser, type GuildOfUser } from '#libs/discord';
import { Clock } from '#libs/timing';
import { DiscordApiInteractionError, UnauthorizedError } from '../http/api-error.js';
import type { MemberPrincipal } from './principal.js';

/** What Discord says about a member who has logged in. */
export interface MemberProfile {
  user: DiscordUser;
  /** The guilds that the member owns, or in which they have Administrator or Manage Server. */
  managedGuilds: ReadonlyMap<string, GuildOfUser>;
}

interface KnownProfile {
  profile: MemberProfile;
  /** Unix milliseconds, at the start of the read. */
  readAt: number;
}

interface FailedRead {
  error: Error;
  /** Unix milliseconds. Discord is not asked again before. */
  until: number;
}

const MINUTE_MS = 60_000;
/** Rights are read again after this time. */
const FRESH_MS = 4 * MINUTE_MS;
/** While Discord does not answer, rights are used for this long. */
const LONGEST_MS = 5 * MINUTE_MS;
/** Discord is not asked again for the same member, after it has failed to answer. */
const FAILURE_PAUSE_MS = 5_000;
/** Each has the guilds that a member manages, at most 200. */
const MAX_PROFILES = 2_000;

/** Reads who a member is and which guilds they manage, at least every five minutes. */
@Injectable()
export class MemberProfiles {
  private readonly known = new LRUCache<string, KnownProfile>({ max: MAX_PROFILES });
  private readonly failed = new LRUCache<string, FailedRead>({ max: MAX_PROFILES });
  private readonly reading = new Map<string, Promise<MemberProfile>>();

  constructor(
    private readonly clock: Clock,
    @Optional() @Inject(DiscordLogin) private readonly discord?: DiscordLogin,
  ) {}

  /**
   * @throws UnauthorizedError if Discord does not accept the member's token (any more)
   * @throws DiscordApiInteractionError if Discord does not answer
   */
  async of(member: MemberPrincipal): Promise<MemberProfile> {
    const { sessionId } = member;
    const known = this.known.get(sessionId);
    const age = known === undefined ? Infinity : this.clock.now() - known.readAt;
    if (known !== undefined && age < FRESH_MS) return known.profile;
    try {
      return await this.readOnce(member);
    } catch (error) {
      if (known !== undefined && age < LONGEST_MS && error instanceof DiscordApiInteractionError) return known.profile;
      throw error;
    }
  }

  /** Concurrent requests of a session share a read. */
  private readOnce(member: MemberPrincipal): Promise<MemberProfile> {
    const { sessionId } = member;
    const current = this.reading.get(sessionId);
    if (current !== undefined) return current;
    const reading = this.read(member).finally(() => this.reading.delete(sessionId));
    this.reading.set(sessionId, reading);
    return reading;
  }

  private async read(member: MemberPrincipal): Promise<MemberProfile> {
    const { sessionId, accessToken } = member;
    const failed = this.failed.get(sessionId);
    const readAt = this.clock.now();
    if (failed !== undefined && readAt < failed.until) throw failed.error;
    if (this.discord === undefined) throw new UnauthorizedError();
    try {
      const [user, guilds] = await Promise.all([this.discord.user(accessToken), this.discord.guilds(accessToken)]);
      const managed = guilds.filter(managesGuild).map((guild) => [guild.id, guild] as const);
      const profile = { user, managedGuilds: new Map(managed) };
      this.failed.delete(sessionId);
      this.known.set(sessionId, { profile, readAt });
      return profile;
    } catch (thrown) {
      if (!(thrown instanceof DiscordError)) throw thrown;
      const error = thrown.kind === 'unauthorized' ? new UnauthorizedError() : notRead(thrown);
      const pause = Math.max(FAILURE_PAUSE_MS, thrown.retryAfterMs ?? 0);
      this.failed.set(sessionId, { error, until: this.clock.now() + pause });
      throw error;
    }
  }
}

function notRead(cause: DiscordError): DiscordApiInteractionError {
  const message = 'Discord did not say which servers you manage. Try again in a few seconds';
  return new DiscordApiInteractionError(message, cause);
}
