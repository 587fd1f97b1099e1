import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { StatisticsContract } from '#libs/contracts';
import type { LogIds } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';
import { eventRecord } from '../statistics/stored-events/event-record.js';
import { EXPORT_FORMATS } from '../statistics/export/export-formats.js';
import { StatisticsExporter } from '../statistics/export/statistics-exporter.service.js';
import { MemberGuilds } from './member-guilds.service.js';
import {
  readMemberEntries,
  readMemberEvents,
  readCountsWithoutEvents,
  readTombstones,
  type MemberEventRow,
  type StoredRow,
} from './member-pages.js';

export interface MemberExport {
  userId: string;
  /** Undefined for all guilds of the member. */
  guildId?: string;
  /** For the log. */
  ids: LogIds;
  /** For HEAD requests: nothing is read. */
  headersOnly: boolean;
}

const PAGE_SIZE = 500;

/** Streams all data of a member. Pages are read as the client consumes them. */
@Injectable()
export class MemberExporter {
  constructor(
    private readonly database: GuildDatabase,
    private readonly guilds: MemberGuilds,
    private readonly exporter: StatisticsExporter,
    private readonly contract: StatisticsContract,
  ) {}

  /** Returns one line of JSON per record. @throws ServiceUnavailableError if the first records cannot be read */
  async export({ userId, guildId, ids, headersOnly }: MemberExport): Promise<StreamableFile> {
    const format = 'ndjson';
    const texts = this.texts(userId, guildId);
    const stream = headersOnly ? Readable.from([]) : await this.exporter.send(texts, { format, ids, headersOnly });
    const { contentType, extension } = EXPORT_FORMATS[format];
    const disposition = `attachment; filename="serverstats-member-${userId}.${extension}"`;
    return new StreamableFile(stream, { type: contentType, disposition });
  }

  private async *texts(userId: string, guildId: string | undefined): AsyncGenerator<string, void> {
    const guildIds = guildId === undefined ? this.guilds.of(userId) : [guildId];
    for await (const id of guildIds) {
      yield* this.events(id, userId);
      yield* this.entries(id, userId);
      const counts = await this.read((manager) => readCountsWithoutEvents(manager, id, userId));
      yield lines(
        'count',
        id,
        counts.map(({ kind, ...row }) => ({ kind: this.contract.nameOf(kind as number), ...row })),
      );
      yield lines('erasure', id, await this.read((manager) => readTombstones(manager, id, userId)));
    }
  }

  private async *events(guildId: string, userId: string): AsyncGenerator<string, void> {
    let last: MemberEventRow | undefined;
    do {
      const after = last;
      const rows = await this.read((manager) => readMemberEvents(manager, guildId, userId, after, PAGE_SIZE));
      last = rows.length < PAGE_SIZE ? undefined : rows.at(-1);
      yield lines(
        'event',
        guildId,
        rows.map((row) => this.eventOf(guildId, row)),
      );
      rows.length = 0; // see eventPages
    } while (last !== undefined);
  }

  private async *entries(guildId: string, userId: string): AsyncGenerator<string, void> {
    let after: string | undefined = '0';
    while (after !== undefined) {
      const from: string = after;
      const rows = await this.read((manager) => readMemberEntries(manager, guildId, userId, from, PAGE_SIZE));
      after = rows.length < PAGE_SIZE ? undefined : rows.at(-1)!.message_id;
      yield lines('starboard_entry', guildId, rows);
    }
  }

  private read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.readPage('export', work);
  }

  private eventOf(guildId: string, row: MemberEventRow): StoredRow {
    const known = this.contract.numbered(row.kind);
    const kind = this.contract.nameOf(row.kind);
    return { kind, ...(known ? eventRecord(known.definition, guildId, row) : { ...row, kind }) };
  }
}

function lines(record: string, guildId: string, rows: readonly StoredRow[]): string {
  return rows.map((row) => `${JSON.stringify({ guild_id: guildId, record, ...row })}\n`).join('');
}
