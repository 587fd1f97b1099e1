import { SingleBar } from 'cli-progress';

/** Work that consists of countable items. */
export interface Progressing {
  /** The number of items. */
  readonly size: number;
  /** The number of items that are done. */
  readonly visited: number;
}

const BETWEEN_REPORTS_MS = 2_000;
const BETWEEN_DRAWINGS_MS = 100;

/** Shows on standard error how far the work is: a bar on a terminal, elsewhere a line every two seconds. */
export async function withProgress<T>(progressing: Progressing, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const rate = () => Math.round((progressing.visited * 1_000) / Math.max(1, performance.now() - startedAt));
  if (progressing.size === 0) return work();
  const stop = process.stderr.isTTY ? drawBar(progressing, rate) : reportLines(progressing, rate);
  try {
    return await work();
  } finally {
    stop();
  }
}

function drawBar(progressing: Progressing, rate: () => number): () => void {
  const bar = new SingleBar({
    stream: process.stderr,
    format: '{bar} {value}/{total}  {rate}/s  {eta_formatted} left',
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(progressing.size, 0, { rate: 0 });
  const draw = () => {
    bar.setTotal(progressing.size);
    bar.update(progressing.visited, { rate: rate() });
  };
  const drawing = setInterval(draw, BETWEEN_DRAWINGS_MS);
  return () => {
    clearInterval(drawing);
    draw();
    bar.stop();
  };
}

function reportLines(progressing: Progressing, rate: () => number): () => void {
  const reporting = setInterval(() => {
    const { size, visited } = progressing;
    const eta = rate() === 0 ? '' : `, ${Math.ceil((size - visited) / rate())} s left`;
    process.stderr.write(`${visited} of ${size}, ${rate()}/s${eta}\n`);
  }, BETWEEN_REPORTS_MS);
  return () => clearInterval(reporting);
}
