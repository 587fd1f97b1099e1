import { Injectable } from '@nestjs/common';
import { StatisticsContract } from '#libs/contracts';
import { countMemberReferences, type MemberReferences } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { GuildEraser } from '../database/guild-eraser.js';

export interface MemberEntries {
  total: number;
  /** By the name of every kind. */
  statistics: Record<string, number>;
  starboard: number;
}

/** What is stored of a member of a guild, whatever the guild's state. */
@Injectable()
export class PrivacyService {
  constructor(
    private readonly database: GuildDatabase,
    private readonly eraser: GuildEraser,
    private readonly contract: StatisticsContract,
  ) {}

  async count(guildId: string, userId: string): Promise<MemberEntries> {
    return this.describe(await this.database.read((manager) => countMemberReferences(manager, guildId, userId)));
  }

  /** @returns what was erased, when all is */
  async erase(guildId: string, userId: string): Promise<MemberEntries> {
    return this.describe(await this.eraser.eraseMember(guildId, userId));
  }

  private describe({ eventsByKind, starboardEntries }: MemberReferences): MemberEntries {
    const statistics = Object.fromEntries(
      this.contract.kinds.map(({ name, definition }) => [name, eventsByKind.get(definition.number) ?? 0]),
    );
    const total = Object.values(statistics).reduce((sum, count) => sum + count, starboardEntries);
    return { total, statistics, starboard: starboardEntries };
  }
}
