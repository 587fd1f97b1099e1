import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { MAX_BODY_BYTES } from '#libs/contracts';

/** A body is too large, or its compression is invalid or unknown. */
export class PackedBodyError extends Error {
  override readonly name = 'PackedBodyError';
}

/** The parts of a message that describe its compression. */
export interface PackedBody {
  content: Buffer;
  /** AMQP `content_encoding`. */
  contentEncoding?: string;
}

const LIMIT = { maxOutputLength: MAX_BODY_BYTES };

const DECOMPRESSORS: Readonly<Record<string, (content: Buffer) => Buffer>> = {
  gzip: (content) => gunzipSync(content, LIMIT),
  'x-gzip': (content) => gunzipSync(content, LIMIT),
  deflate: (content) => (hasZlibHeader(content) ? inflateSync(content, LIMIT) : inflateRawSync(content, LIMIT)),
  br: (content) => brotliDecompressSync(content, LIMIT),
};

/**
 * Values that mean no compression. Spring, Python's kombu and pika's examples put the charset into `content_encoding`.
 * The body is checked to be UTF-8 in any case.
 */
const PLAIN = new Set(['', 'identity', 'utf-8', 'utf8', 'us-ascii', 'ascii', 'binary', '7bit', '8bit']);

/**
 * Decompresses a body by its `content_encoding`, which may be upper or lower case and contain a charset (`gzip,UTF-8`).
 *
 * @throws PackedBodyError for an unknown encoding, an invalid body, or one of more than 1 MiB
 */
export function unpackBody({ content, contentEncoding }: PackedBody): Buffer {
  if (content.length > MAX_BODY_BYTES) throw tooLarge('the body');
  const name = compressionOf(contentEncoding);
  if (name === undefined) return content;
  try {
    return DECOMPRESSORS[name]!(content);
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('the unpacked body');
    throw new PackedBodyError(`the body is not valid ${name}: ${(error as Error).message}`);
  }
}

/** @returns a key of DECOMPRESSORS; undefined if the body is not compressed. @throws PackedBodyError */
function compressionOf(contentEncoding: string | undefined): string | undefined {
  if (contentEncoding === undefined) return undefined;
  const names = contentEncoding
    .toLowerCase()
    .split(/[,;]/, 4)
    .map((part) => part.trim().replace(/^charset=/, ''));
  const compressions = names.filter((name) => !PLAIN.has(name));
  const [name] = compressions;
  if (name === undefined) return undefined;
  if (compressions.length === 1 && Object.hasOwn(DECOMPRESSORS, name)) return name;
  throw new PackedBodyError(
    `content_encoding must be one of gzip, deflate, br, identity or nothing, not "${contentEncoding.slice(0, 40)}"`,
  );
}

/** `deflate` means zlib's format (RFC 1950), but some clients send raw deflate data (RFC 1951). */
function hasZlibHeader(content: Buffer): boolean {
  return content.length >= 2 && (content[0]! & 0x0f) === 8 && content.readUInt16BE(0) % 31 === 0;
}

function tooLarge(what: string): PackedBodyError {
  return new PackedBodyError(`${what} is larger than ${MAX_BODY_BYTES} bytes`);
}
