import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { GuildSettings } from '#libs/database';
import { csrfTokenOf } from '#libs/sessions';
import type { SessionOfRequest } from '../access/credentials.js';
import { MemberProfiles } from '../access/member-profiles.js';
import type { MemberPrincipal, Principal } from '../access/principal.js';
import { GuildDatabase } from '../database/guild-database.js';
import { GuildNames, type GuildName } from '../directory/guild-names.service.js';
import type { CallerAnswer, CallerGuildAnswer, CallerUserAnswer } from './dto/session-answers.dto.js';

/** The guilds that are listed for the service key. */
const MAX_GUILDS = 1_000;

interface CallerParts {
  user: CallerUserAnswer | null;
  guilds: readonly GuildName[];
}

/** Describes the owner of a credential, and the guilds that it may read. */
@Injectable()
export class CallerService {
  constructor(
    private readonly profiles: MemberProfiles,
    private readonly names: GuildNames,
    private readonly database: GuildDatabase,
  ) {}

  /** @throws UnauthorizedError, DiscordApiInteractionError for members; ServiceUnavailableError */
  async describe(principal: Principal, session: SessionOfRequest | null): Promise<CallerAnswer> {
    const { user, guilds } = await this.partsOf(principal);
    return {
      principal: principal.kind,
      user,
      guilds: await this.withState(guilds),
      csrf_token: session === null ? null : csrfTokenOf(session.secret),
    };
  }

  private async partsOf(principal: Principal): Promise<CallerParts> {
    switch (principal.kind) {
      case 'guild':
        return { user: null, guilds: [await this.names.of(principal.guildId)] };
      case 'service':
        return { user: null, guilds: await this.names.all(await this.firstGuilds()) };
      case 'member':
        return this.partsOfMember(principal);
    }
  }

  private async partsOfMember(principal: MemberPrincipal): Promise<CallerParts> {
    const { user, managedGuilds } = await this.profiles.of(principal);
    const guilds = [...managedGuilds.values()].map(({ id, name, icon }) => ({ id, name, icon }));
    return { user: { id: user.id, name: user.name, avatar: user.avatar }, guilds };
  }

  private async firstGuilds(): Promise<string[]> {
    const first = await this.database.read((manager) =>
      manager
        .getRepository(GuildSettings)
        .find({ select: { guildId: true }, order: { guildId: 'ASC' }, take: MAX_GUILDS }),
    );
    return first.map(({ guildId }) => guildId);
  }

  private async withState(guilds: readonly GuildName[]): Promise<CallerGuildAnswer[]> {
    const enabled = await this.database.read((manager) =>
      manager.getRepository(GuildSettings).find({
        select: { guildId: true },
        where: { guildId: In(guilds.map(({ id }) => id)), enabled: true },
      }),
    );
    const ids = new Set(enabled.map(({ guildId }) => guildId));
    return guilds.map((guild) => ({ ...guild, enabled: ids.has(guild.id) }));
  }
}
