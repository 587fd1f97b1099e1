import { withDeadline } from '#libs/timing';

/** Why a file could not be downloaded. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
}

const TIMEOUT_MS = 20_000;

/**
 * Downloads a file of a message from Discord's CDN, without the token. The URL must come from Discord and not from what
 * people wrote, so that people cannot make this process connect to other hosts.
 *
 * @throws DownloadError if the file is larger than `maxBytes` or incomplete; the signal's reason
 */
export async function downloadFile(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await withDeadline({ what: 'the download', ms: TIMEOUT_MS, signal }, (own) =>
      fetchAtMost(url, maxBytes, own),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof DownloadError ? error : new DownloadError('the download failed', { cause: error });
  }
}

async function fetchAtMost(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { signal, redirect: 'error' });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new DownloadError(`answered ${response.status}`);
  }
  return readAtMost(response.body, maxBytes);
}

async function readAtMost(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new DownloadError(`larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
