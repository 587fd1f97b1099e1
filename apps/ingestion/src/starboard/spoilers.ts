/** A part of a text that Discord hides, including its bars. In UTF-16 units; `end` is exclusive. */
export interface Spoiler {
  start: number;
  end: number;
}

interface Marks {
  spoilers: Spoiler[];
  /** There are unclosed bars or backticks. */
  hasUnclosed: boolean;
}

/** Opens and closes a spoiler. */
export const MARK = '||';
const FENCE = '```';
const LINK = /https?:\/\/[^\s<>)|]+/gi;
/** A URL with adjacent characters, which may be bars. */
const ADDRESS = /https?:\/\/[^\s<>)]+/iy;
/** Quotes, headings and lists, which end at the end of the line, like spoilers in them. */
const HAS_LINES_OF_THEIR_OWN = /^[ \t]*(?:>|#|-|\*|\d+\.)/m;
const AFTER_A_LINK = /[.,:;"'\]*_~!?]+$/;

/**
 * The spoilers of a text. Discord parses from left to right: escaped characters, code, URLs, and bars that hide the
 * text up to the next bars. Its clients differ (whether a URL includes adjacent bars, and where a quote ends), so this
 * lists everything that any client hides. The spoilers may overlap.
 */
export function spoilersOf(text: string): Spoiler[] {
  if (!text.includes(MARK)) return [];
  const whole = readings(text);
  if (!HAS_LINES_OF_THEIR_OWN.test(text)) return whole;
  let offset = 0;
  const ofLines = text.split('\n').flatMap((line) => {
    const from = offset;
    offset += line.length + 1;
    return readings(line).map(({ start, end }) => ({ start: from + start, end: from + end }));
  });
  return [...whole, ...ofLines];
}

/** The normalized links of a text, visible ones and those in spoilers. */
export function linksOf(text: string): { visible: string[]; hidden: string[] } {
  const spoilers = spoilersOf(text);
  const links = [...text.matchAll(LINK)].map(({ 0: url, index }) => ({
    address: comparable(url),
    isHidden: spoilers.some(({ start, end }) => start < index && index < end),
  }));
  return {
    visible: links.filter(({ isHidden }) => !isHidden).map(({ address }) => address),
    hidden: links.filter(({ isHidden }) => isHidden).map(({ address }) => address),
  };
}

/** Normalizes a URL for comparison. */
export function comparable(url: string): string {
  const address = url.replace(AFTER_A_LINK, '');
  return URL.canParse(address) ? new URL(address).href : address;
}

/** Makes the text one spoiler. */
export function hide(text: string): string {
  const escaped = text.replaceAll('|', '\\|');
  return `${MARK}${escaped}${escaped.endsWith('|') ? ' ' : ''}${MARK}`;
}

/**
 * Joins texts by line breaks. A text with an unclosed spoiler becomes a spoiler, so that it does not affect the others.
 */
export function joinTexts(texts: readonly string[]): string {
  const mayMix = texts.length > 1 && texts.some((text) => text.includes(MARK));
  const isOpen = (text: string) => [true, false].some((isWhole) => marksOf(text, isWhole).hasUnclosed);
  return texts.map((text) => (mayMix && isOpen(text) ? hide(text) : text)).join('\n');
}

function readings(text: string): Spoiler[] {
  return [true, false].flatMap((addressesAreWhole) => marksOf(text, addressesAreWhole).spoilers);
}

function marksOf(text: string, addressesAreWhole: boolean): Marks {
  const marks: Marks = { spoilers: [], hasUnclosed: false };
  let at = 0;
  while (at < text.length) {
    const next = endOfEscaped(text, at) ?? (addressesAreWhole ? endOfAddress(text, at) : undefined);
    if (next !== undefined) {
      at = next;
    } else if (text[at] === '`') {
      const end = endOfCode(text, at);
      marks.hasUnclosed ||= end === undefined;
      at = end ?? endOfRun(text, at);
    } else if (text.startsWith(MARK, at)) {
      const closing = text.indexOf(MARK, at + MARK.length + 1);
      if (closing === -1) marks.hasUnclosed = true;
      else marks.spoilers.push({ start: at, end: closing + MARK.length });
      at = (closing === -1 ? at : closing) + MARK.length;
    } else {
      at++;
    }
  }
  return marks;
}

function endOfEscaped(text: string, at: number): number | undefined {
  return text[at] === '\\' && /[^0-9A-Za-z\s]/.test(text.charAt(at + 1)) ? at + 2 : undefined;
}

function endOfAddress(text: string, at: number): number | undefined {
  ADDRESS.lastIndex = at;
  return ADDRESS.test(text) ? ADDRESS.lastIndex : undefined;
}

/** The end of a fenced code block, or of inline code with the same number of backticks. */
function endOfCode(text: string, at: number): number | undefined {
  const opened = endOfRun(text, at);
  if (opened - at >= FENCE.length) {
    const closing = text.indexOf(FENCE, at + FENCE.length + 1);
    if (closing !== -1) return closing + FENCE.length;
  }
  for (let start = text.indexOf('`', opened); start !== -1;) {
    const end = endOfRun(text, start);
    if (end - start === opened - at) return end;
    start = text.indexOf('`', end);
  }
  return undefined;
}

function endOfRun(text: string, at: number): number {
  let end = at;
  while (text[end] === '`') end++;
  return end;
}
