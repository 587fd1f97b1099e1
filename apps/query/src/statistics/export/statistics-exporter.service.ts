import { setMaxListeners } from 'node:events';
import { addAbortSignal, Readable } from 'node:stream';
import { Injectable, StreamableFile, type OnModuleDestroy } from '@nestjs/common';
import { Registry } from 'prom-client';
import { RetentionConfig } from '#libs/config';
import type { CompiledKind } from '#libs/contracts';
import { describeError, Logger, stackFrames, type LogIds } from '#libs/observability';
import type { TimeWindow } from '#libs/statistics';
import { GuildDatabase } from '../../database/guild-database.js';
import { ApiError } from '../../http/api-error.js';
import { GuildSettingsReader } from '../../settings/guild-settings.reader.js';
import { EventHorizonReader } from '../window/event-horizon.reader.js';
import { eventRecord } from '../stored-events/event-record.js';
import { readEventPage, type EventRow } from '../stored-events/read-event-page.js';
import type { FilteredRequest } from '../window/window-request.dto.js';
import { resolveWindow } from '../window/window.js';
import { eventPages } from './event-pages.js';
import { exportFileName } from './export-file-name.js';
import { EXPORT_FORMATS, type ExportFormat } from './export-formats.js';
import { ExportMetrics } from './export.metrics.js';

/** How long a download may continue during shutdown. Well below the 15 seconds that a shutdown may take. */
const GRACE_MS = 5_000;
/** Less than the text of a page, so that at most one page is buffered. The default of newer runtimes is larger. */
const READ_AHEAD_BYTES = 16 * 1024;

export interface ExportOptions {
  format: ExportFormat;
  /** For the log. */
  ids: LogIds;
  /** For HEAD requests: the headers are those of GET, but nothing is read. */
  headersOnly: boolean;
}

/**
 * Streams all records of a window. Pages are read as the client consumes them, each in its own statement. Between
 * pages, a download holds only the text of a page, and no connection or transaction.
 */
@Injectable()
export class StatisticsExporter implements OnModuleDestroy {
  private readonly metrics: ExportMetrics;
  private readonly stopping = new AbortController();

  constructor(
    private readonly settings: GuildSettingsReader,
    private readonly database: GuildDatabase,
    private readonly horizon: EventHorizonReader,
    private readonly retention: RetentionConfig,
    private readonly logger: Logger,
    registry: Registry,
  ) {
    this.metrics = new ExportMetrics(registry);
    // Each download adds a listener, so many listeners are not a leak.
    setMaxListeners(0, this.stopping.signal);
  }

  /** Aborts the downloads after a grace period. Does not wait for it: the server waits for open requests itself. */
  onModuleDestroy(): void {
    setTimeout(() => this.stopping.abort(), GRACE_MS).unref();
  }

  /**
   * Returns all records of the window as a file, newest first. An error before the first page is thrown. A later error
   * breaks the connection, so that the client does not mistake a partial download for a complete one.
   *
   * @throws BadRequestError for an invalid window
   * @throws ModuleDisabledError
   */
  async export(kind: CompiledKind, request: FilteredRequest, options: ExportOptions): Promise<StreamableFile> {
    const { format } = options;
    const asked = resolveWindow(request, Date.now(), this.retention.eventDays);
    await this.settings.requireEnabled(request.guild_id);
    const window = await this.horizon.clip(asked);

    const { contentType, extension } = EXPORT_FORMATS[format];
    const stream = options.headersOnly ? Readable.from([]) : await this.stream(kind, request, window, options);
    return new StreamableFile(stream, {
      type: contentType,
      disposition: `attachment; filename="${exportFileName(kind.name, request.guild_id, window)}.${extension}"`,
    });
  }

  /**
   * Sends texts as a download. They are requested as the client consumes them. An error before the first one is thrown.
   */
  async send(texts: AsyncGenerator<string, void>, options: ExportOptions): Promise<Readable> {
    return this.follow(asStream(await withFirstRead(texts)), options);
  }

  private async stream(
    kind: CompiledKind,
    request: FilteredRequest,
    window: TimeWindow,
    options: ExportOptions,
  ): Promise<Readable> {
    const pages = await withFirstRead(this.pages(kind, request, window));
    const texts = this.texts(pages, kind, request.guild_id, options);
    return this.follow(asStream(texts), options);
  }

  private pages(kind: CompiledKind, request: FilteredRequest, window: TimeWindow): AsyncGenerator<EventRow[], void> {
    const { guild_id: guildId, user_id: userId, channel_id: channelId } = request;
    return eventPages((query) => this.database.readPage('export', (manager) => readEventPage(manager, query)), {
      guildId,
      kind: kind.number,
      window,
      userId,
      channelId,
    });
  }

  private async *texts(
    pages: AsyncIterable<EventRow[]>,
    { definition }: CompiledKind,
    guildId: string,
    { format }: ExportOptions,
  ): AsyncGenerator<string, void> {
    const writer = EXPORT_FORMATS[format].writer(definition);
    if (writer.head !== '') yield writer.head;
    for await (const rows of pages) {
      this.metrics.records.inc({ format }, rows.length);
      yield rows.map((row) => writer.write(eventRecord(definition, guildId, row))).join('');
    }
  }

  /** Aborts the stream during shutdown, and logs streams that do not finish. */
  private follow(stream: Readable, { format, ids }: ExportOptions): Readable {
    this.metrics.running.inc({ format });
    stream.once('error', (error) => this.logFailure(error, ids));
    stream.once('close', () => {
      this.metrics.running.dec({ format });
      if (!stream.readableEnded && stream.errored === null) {
        this.logger.info(ids, 'the client aborted a download');
      }
    });
    return addAbortSignal(this.stopping.signal, stream);
  }

  private logFailure(error: Error, ids: LogIds): void {
    const details = { ...ids, error: describeError(error) };
    if (this.stopping.signal.aborted) this.logger.info(ids, 'aborted a download: the service is shutting down');
    else if (error instanceof ApiError) this.logger.warn(details, 'a download failed');
    else this.logger.error({ ...details, stack: stackFrames(error) }, 'a download failed unexpectedly');
  }
}

/** The stream buffers by bytes. An object stream would buffer by the number of texts. */
function asStream(texts: AsyncIterable<string>): Readable {
  return Readable.from(texts, { objectMode: false, highWaterMark: READ_AHEAD_BYTES });
}

/** Waits until the first element is read, so that an error before it is thrown here. */
async function withFirstRead<T>(generator: AsyncGenerator<T, void>): Promise<AsyncIterable<T>> {
  const first = await generator.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* generator;
  })();
}
