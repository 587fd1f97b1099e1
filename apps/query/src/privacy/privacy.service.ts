import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { StatisticsContract } from '#libs/contracts';
import { countMemberReferences, type MemberReferences } from '#libs/erasure';
import type { LogIds } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';
import { GuildEraser } from '../database/guild-eraser.js';
import type { MemberEntries, MemberEntriesByGuild } from './dto/member-entries.dto.js';
import { MemberGuilds } from './member-guilds.service.js';

/** Counts and erases the data of a member, even if the module is disabled in a guild. */
@Injectable()
export class PrivacyService {
  constructor(
    private readonly database: GuildDatabase,
    private readonly eraser: GuildEraser,
    private readonly guilds: MemberGuilds,
    private readonly contract: StatisticsContract,
  ) {}

  async count(guildId: string, userId: string): Promise<MemberEntries> {
    const count = (manager: EntityManager) => countMemberReferences(manager, guildId, userId);
    return this.describe(await this.database.readPage('search', count));
  }

  async countEverywhere(userId: string): Promise<MemberEntriesByGuild> {
    const guilds = [];
    for (const guild_id of await this.guilds.all(userId)) {
      guilds.push({ guild_id, ...(await this.count(guild_id, userId)) });
    }
    return together(guilds);
  }

  /** Resolves when everything is erased. @returns what was erased */
  async erase(guildId: string, userId: string, ids: LogIds): Promise<MemberEntries> {
    return this.describe(await this.eraser.eraseMember(guildId, userId, ids));
  }

  /** Resolves when everything is erased. @returns what was erased */
  async eraseEverywhere(userId: string, ids: LogIds): Promise<MemberEntriesByGuild> {
    const erased = await this.eraser.eraseMemberIn(await this.guilds.all(userId), userId, ids);
    return together([...erased].map(([guild_id, references]) => ({ guild_id, ...this.describe(references) })));
  }

  private describe({ eventsByKind, starboardEntries }: MemberReferences): MemberEntries {
    const statistics = Object.fromEntries(this.contract.kinds.map(({ name }) => [name, 0]));
    for (const [number, count] of eventsByKind) {
      const name = this.contract.nameOf(number);
      statistics[name] = (statistics[name] ?? 0) + count;
    }
    const total = Object.values(statistics).reduce((sum, count) => sum + count, starboardEntries);
    return { total, statistics, starboard: starboardEntries };
  }
}

function together(guilds: MemberEntriesByGuild['guilds']): MemberEntriesByGuild {
  return { total: guilds.reduce((sum, { total }) => sum + total, 0), guilds };
}
