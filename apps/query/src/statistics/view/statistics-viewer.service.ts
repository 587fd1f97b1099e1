import { Injectable } from '@nestjs/common';
import { RetentionConfig } from '#libs/config';
import type { CompiledKind } from '#libs/contracts';
import { GuildDatabase } from '../../database/guild-database.js';
import { Answer } from '../../http/envelope.js';
import { GuildSettingsReader } from '../../settings/guild-settings.reader.js';
import { EventHorizonReader } from '../window/event-horizon.reader.js';
import type { EventRecord } from '../stored-events/event-record.dto.js';
import { eventRecord } from '../stored-events/event-record.js';
import { readEventPage } from '../stored-events/read-event-page.js';
import { readCursor, writeCursor } from './view-cursor.js';
import { MAX_LIMIT, type ViewRequest } from './dto/view-request.dto.js';
import { resolveWindow, withinRetention } from '../window/window.js';

/** Reads the records of statistics. */
@Injectable()
export class StatisticsViewer {
  constructor(
    private readonly settings: GuildSettingsReader,
    private readonly database: GuildDatabase,
    private readonly horizon: EventHorizonReader,
    private readonly retention: RetentionConfig,
  ) {}

  /**
   * Reads a page of records, newest first.
   *
   * @throws BadRequestError for an invalid window or cursor
   * @throws ModuleDisabledError
   */
  async view(kind: CompiledKind, request: ViewRequest): Promise<Answer<EventRecord[]>> {
    const { guild_id: guildId, user_id: userId, channel_id: channelId, limit = MAX_LIMIT } = request;
    const subject = [kind.name, guildId, userId, channelId];
    const now = Date.now();
    const { eventDays } = this.retention;
    const cursor = request.cursor === undefined ? undefined : readCursor(request.cursor, subject);
    // The window of a cursor may have become invalid for new requests since the first page.
    const asked = cursor ? withinRetention(cursor.window, now, eventDays) : resolveWindow(request, now, eventDays);
    await this.settings.requireEnabled(guildId);
    const window = await this.horizon.clip(asked);

    const query = { guildId, kind: kind.number, window, userId, channelId, after: cursor?.after };
    // Read one record more to find out whether there is another page.
    const rows = await this.database.read((manager) => readEventPage(manager, { ...query, limit: limit + 1 }));
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const next =
      last && writeCursor({ window, after: { occurredAt: last.occurred_at, eventId: last.event_id } }, subject);
    return new Answer(
      page.map((row) => eventRecord(kind.definition, guildId, row)),
      { page: { next_cursor: next ?? null } },
    );
  }
}
