/** Creates a body of about this size. */
export type MakeBody = (bytes: number) => string;

/** Fills the size with pieces, separated by commas, between a beginning and an end. */
function filled(beginning: string, end: string, piece: (index: number) => string): MakeBody {
  return (bytes) => {
    const pieces: string[] = [];
    for (let index = 0, left = bytes - beginning.length - end.length; ; index++) {
      const next = index === 0 ? piece(index) : `,${piece(index)}`;
      left -= Buffer.byteLength(next);
      if (left < 0) return beginning + pieces.join('') + end;
      pieces.push(next);
    }
  };
}

/** Fills the size with a repeated text, without separators. */
function repeated(beginning: string, piece: string, end: string): MakeBody {
  const width = Buffer.byteLength(piece);
  return (bytes) => beginning + piece.repeat(Math.floor((bytes - beginning.length - end.length) / width)) + end;
}

const GUILD = '"guild_id":"81384788765712384"';
const field = (name: string) => `{${GUILD},"${name}":`;

/** Keys with the same low bits, so that they collide in hash tables that use these bits. */
const collidingKey = (index: number) => String(1_048_576 * ((index % 4_000) + 1) + 131_072 * (index >> 12));

/** Bodies that are designed to be expensive: deeply nested, with many or long elements, or invalid only at the end. */
export const HOSTILE_BODIES: Readonly<Record<string, MakeBody>> = {
  'open arrays': repeated('', '[', ''),
  'open objects': repeated('', '{"a":', ''),
  'arrays of arrays, as deep as may be': filled(`${field('command')}[`, ']}', () => '['.repeat(62) + ']'.repeat(62)),
  'an array of numbers': filled('[', ']', () => '7'),
  'an array of a thousand texts': (bytes) => JSON.stringify(Array(1_000).fill('a'.repeat(bytes / 1_000 - 4))),
  'one number of digits': repeated(field('user_id'), '9', '}'),
  'one fraction of digits': repeated(`${field('creation_time_delay')}0.`, '9', '}'),
  'one exponent of digits': repeated(`${field('creation_time_delay')}1e`, '9', '}'),
  'numbers of 40 digits': filled(`${field('command')}[`, ']}', () => '9'.repeat(40)),
  'small numbers': filled(`${field('command')}[`, ']}', () => '7'),
  'small negative fractions': filled(`${field('command')}[`, ']}', () => '-1.5'),
  literals: filled('[', ']', () => 'null'),
  'empty objects': filled(`${field('command')}[`, ']}', () => '{}'),
  'empty texts': filled(`${field('command')}[`, ']}', () => '""'),
  'one text': repeated(`${field('command')}"`, 'a', '"}'),
  'one text of escapes': repeated(`${field('command')}"`, '\\u0061', '"}'),
  'one text of backslashes': repeated(`${field('command')}"`, '\\\\', '"}'),
  'one text of quotes': repeated(`${field('command')}"`, '\\"', '"}'),
  'backslashes without an end': repeated(`${field('command')}"`, '\\\\', ''),
  'one text of lone surrogates': repeated(`${field('command')}"`, '\\ud800', '"}'),
  'one text of four bytes a character': repeated(`${field('command')}"`, '\u{1f600}', '"}'),
  'one text of combining characters': repeated(`${field('command')}"a`, '\u0301', '"}'),
  'labels of combining characters': filled('[', ']', () => `${field('command')}"${'e\u0301'.repeat(50)}"}`),
  'one key': repeated(`{${GUILD},"`, 'k', '":1}'),
  'unknown fields': filled(`{${GUILD},`, '}', (index) => `"field_${index}":1`),
  'unknown fields with names that collide': filled(`{${GUILD},`, '}', (index) => `"${collidingKey(index)}":1`),
  'unknown fields that are numbers': filled(`{${GUILD},`, '}', (index) => `"${index}":1`),
  'unknown fields of lone surrogates': filled(`{${GUILD},`, '}', (index) => `"\\udbff${index}":1`),
  'one field again and again': filled('{', '}', () => GUILD),
  'one field twice, at the end': filled(`{${GUILD},`, `,${GUILD}}`, (index) => `"field_${index}":1`),
  '__proto__ at the end': filled(`{${GUILD},`, ',"__proto__":1}', (index) => `"field_${index}":1`),
  'constructors with prototypes': filled('[', ',{"constructor":{"prototype":1}}]', () => '{"constructor":{"p":1}}'),
  'white space': repeated('{', ' \n\t', `${GUILD}}`),
  'white space without an end': repeated('{', ' \n\t', ''),
  'nonsense at the end': filled(`{${GUILD},`, ',nonsense}', (index) => `"field_${index}":[1,"a",{}]`),
  'panels to create': filled(
    `${field('counter_panel_custom_panels_create')}[`,
    ']}',
    () => '{"channel_name":"a","role_id":"1"}',
  ),
  'panels to delete': filled(
    `${field('counter_panel_custom_panels_delete')}[`,
    ']}',
    (index) => `"8138478876571${String(index).padStart(6, '0')}"`,
  ),
  'roles to count': filled(
    `${field('online_role_member_counts')}{`,
    '}}',
    (index) => `"8138478876571${String(index).padStart(6, '0')}":1`,
  ),
  'one moment': repeated(`${field('occurred_at')}"2026-11-26T00:00:00.`, '0', 'Z"}'),
  'one id of zeros': repeated(`${field('user_id')}"`, '0', '1"}'),
};

/** Query strings. Their size is limited by that of the headers. */
export const HOSTILE_QUERIES: Readonly<Record<string, MakeBody>> = {
  separators: repeated('', '&', ''),
  'one name again and again': repeated('guild_id=1', '&guild_id=1', ''),
  names: (bytes) => Array.from({ length: Math.floor(bytes / 6) }, (_, index) => `n${index}=`).join('&'),
  'wrong escapes': repeated('a=', '%zz', ''),
  'names with wrong escapes': repeated('a=1', '&%f', ''),
  pluses: repeated('guild_id=', '+', ''),
  escapes: repeated('guild_id=', '%61', ''),
  __proto__: repeated('a', '&__proto__=1', ''),
};
