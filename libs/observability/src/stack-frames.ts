import { isNativeError } from 'node:util/types';

const MAX_CAUSES = 4;

/**
 * Where an error and its causes were thrown: the lines of their stacks without their messages, which may repeat what
 * people wrote.
 */
export function stackFrames(error: unknown): string | undefined {
  const stacks: string[] = [];
  for (let inner = error; isNativeError(inner) && stacks.length <= MAX_CAUSES; inner = inner.cause) {
    const frames = inner.stack?.match(/^ {4}at .+$/gm)?.map((frame) => frame.trim()) ?? [];
    stacks.push([...(stacks.length > 0 ? [`caused by ${inner.name}`] : []), ...frames].join('\n'));
  }
  return stacks.join('\n') || undefined;
}
