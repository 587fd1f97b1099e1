import ipaddr from 'ipaddr.js';
import { parseSnowflake } from '#libs/contracts';
import { DatabaseUrlError, parseDatabaseUrl } from './database-url.js';
import { maskUrl } from './mask-url.js';

/** The type of a variable. */
export interface ValueType<T> {
  /** Completes the sentence "expected …". */
  expected: string;
  /** @returns undefined for an invalid value */
  parse(text: string): T | undefined;
  /** A more specific text than `expected` for this invalid value, if there is one. */
  explain?(text: string): string | undefined;
  /** How an invalid value is displayed; `null` for secrets, which are not displayed. */
  show: ((text: string) => string) | null;
}

/** A decimal integer without sign, fraction, exponent or spaces. */
export function integer(min: number, max: number): ValueType<number> {
  return {
    expected: `an integer from ${min} to ${max}`,
    parse: (text) => (/^[0-9]{1,15}$/.test(text) && +text >= min && +text <= max ? +text : undefined),
    show: quote,
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): ValueType<T> {
  return {
    expected: choices.map((choice) => `"${choice}"`).join(' or '),
    parse: (text) => choices.find((choice) => choice === text),
    show: quote,
  };
}

export function text(expected: string, pattern: RegExp): ValueType<string> {
  return { expected, parse: (value) => (pattern.test(value) ? value : undefined), show: quote };
}

export function secret(expected: string, pattern: RegExp): ValueType<string> {
  return { ...text(expected, pattern), show: null };
}

/** The characters of a header value, without the comma that separates two keys. */
const SERVICE_KEY_CHARACTERS = /^[\x20-\x2b\x2d-\x7e]*$/;
const SERVICE_KEY_LENGTH = 32;

/** One key, or two separated by a comma. */
export const serviceKeys: ValueType<string[]> = {
  expected: `at least ${SERVICE_KEY_LENGTH} characters (printable ASCII), or two such keys separated by a comma`,
  parse: (value) => {
    const keys = splitAtCommas(value);
    return serviceKeyMistakes(keys).length === 0 ? keys : undefined;
  },
  explain: (value) => {
    const keys = splitAtCommas(value);
    return keys.length === 1 ? undefined : serviceKeyMistakes(keys).join(', and ');
  },
  show: null,
};

/** Each completes the sentence "expected …", and names a key only by its place. */
function serviceKeyMistakes(keys: readonly string[]): string[] {
  if (keys.length > 2) return ['one key, or two separated by a comma'];
  const ofEach = keys.flatMap((key, index) => {
    const name = index === 0 ? 'first' : 'second';
    return [
      ...(key.length < SERVICE_KEY_LENGTH ? [`at least ${SERVICE_KEY_LENGTH} characters in the ${name} key`] : []),
      ...(SERVICE_KEY_CHARACTERS.test(key) ? [] : [`only printable ASCII in the ${name} key`]),
    ];
  });
  return keys[0] === keys[1] ? [...ofEach, 'two different keys'] : ofEach;
}

function splitAtCommas(value: string): string[] {
  return value.split(',').map((one) => one.trim());
}

export const discordId: ValueType<string> = {
  expected: 'a Discord id: an integer from 1 to 9223372036854775807',
  parse: parseSnowflake,
  show: quote,
};

/** A URL with one of these protocols. Its password is never displayed. */
export function url(expected: string, protocols: readonly string[]): ValueType<string> {
  return { expected, parse: (value) => (isUrl(value, protocols) ? value : undefined), show: showUrl };
}

/** A connection URL as in libpq, including several hosts, Unix sockets and TLS files. */
export const postgresUrl: ValueType<string> = {
  expected: 'a URL like postgres://user:password@host:5432/database',
  parse: (value) => (databaseUrlMistake(value) === undefined ? value : undefined),
  explain: databaseUrlMistake,
  show: showUrl,
};

function databaseUrlMistake(value: string): string | undefined {
  try {
    parseDatabaseUrl(value);
    return undefined;
  } catch (error) {
    if (error instanceof DatabaseUrlError) return error.message;
    throw error;
  }
}

/** One URL, or several separated by commas. */
export const amqpUrls: ValueType<string[]> = {
  expected: 'a URL like amqp://user:password@host:5672/vhost (or amqps://), or several separated by commas',
  parse: (value) => {
    const urls = splitAtCommas(value);
    return urls.every((one) => isUrl(one, ['amqp:', 'amqps:']) && new URL(one).hostname !== '' && isDecodable(one))
      ? urls
      : undefined;
  },
  explain: (value) => (isDecodable(value) ? undefined : 'percent-encoded URLs: write % as %25'),
  show: showUrl,
};

/** Addresses and networks, separated by commas. */
export const networks: ValueType<string[]> = {
  expected: 'IP addresses or networks like 10.0.0.0/8, separated by commas',
  parse: (value) => {
    const all = splitAtCommas(value);
    return all.every((one) => ipaddr.isValid(one) || ipaddr.isValidCIDR(one)) ? all : undefined;
  },
  show: quote,
};

/** Origins exactly as browsers send them, separated by commas: in lower case, without a path or the default port. */
export const origins: ValueType<string[]> = {
  expected: 'origins like https://stats.example.org, without a path, separated by commas',
  parse: (value) => {
    const each = splitAtCommas(value);
    return each.every((one) => isUrl(one, ['http:', 'https:']) && new URL(one).origin === one) ? each : undefined;
  },
  show: showUrl,
};

function isUrl(value: string, protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

/** Whether the client can percent-decode user, password and virtual host. */
function isDecodable(value: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(value);
}

function showUrl(value: string): string {
  return quote(maskUrl(value));
}

function quote(value: string): string {
  return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
}
