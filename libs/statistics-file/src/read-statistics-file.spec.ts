import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE, FILTERS, GUILD_EVENTS, SWITCH_NAMES } from '#libs/contracts';
import { parseLosslessJson } from '#libs/json';
import { placeOf } from './file-mistake.js';
import { parseStatisticsFile, readStatisticsFile, type ReadStatisticsFile } from './read-statistics-file.js';

const TICKET = {
  title: 'A ticket was closed',
  record_path: 'stats/tickets/closed',
  switch: 'stats_tickets_enabled',
  fields: { topic: 'label', channel_id: 'channel_id', open_time: 'value' },
};
const FILE = {
  switches: { stats_tickets_enabled: { description: 'Collect tickets' } },
  kinds: { 'ticket.closed': TICKET },
};

const parse = (file: unknown) => parseStatisticsFile(parseLosslessJson(JSON.stringify(file)));

/** One line a mistake, as the configuration error shows it. */
function linesOf(read: ReadStatisticsFile): string[] {
  if ('statistics' in read) return [];
  return read.mistakes.map(
    ({ path, shownValue, expected }) => `${placeOf(path)} ${shownValue ?? 'not set'}; expected ${expected}`,
  );
}

describe('the file of own statistics', () => {
  it('should define kinds and switches, with defaults for what it leaves out', () => {
    const full = {
      ...TICKET,
      record_path: '/stats/tickets/rated',
      view_path: '/stats/tickets/rated',
      bot_switch: 'stats_track_bot_messages',
      fields: { rated_by: 'user_id', message_id: 'message_id', is_bot: 'is_bot', stars: 'label' },
      identified_by: 'message_id',
      label_grouping: 'rating',
    };
    const read = parse({ ...FILE, $schema: 'x', kinds: { ...FILE.kinds, 'ticket.rated': full } });
    expect(read).toEqual({
      statistics: {
        switches: { stats_tickets_enabled: { description: 'Collect tickets', required: false } },
        kinds: {
          'ticket.closed': {
            title: 'A ticket was closed',
            recordPath: 'stats/tickets/closed',
            viewPath: 'stats/tickets/closed/view',
            switch: 'stats_tickets_enabled',
            optionalUser: true,
            fields: TICKET.fields,
          },
          'ticket.rated': {
            title: 'A ticket was closed',
            recordPath: 'stats/tickets/rated',
            viewPath: 'stats/tickets/rated',
            switch: 'stats_tickets_enabled',
            botSwitch: 'stats_track_bot_messages',
            optionalUser: false,
            fields: full.fields,
            identifiedBy: 'message_id',
            labelGrouping: 'rating',
          },
        },
      },
    });
  });

  const withKind = (changes: object, name = 'ticket.closed') => ({
    ...FILE,
    kinds: { [name]: { ...TICKET, ...changes } },
  });
  const kind = 'kinds["ticket.closed"]';

  it.each<[object | unknown[], string]>([
    [[], ' []; expected an object with kinds'],
    [{}, 'kinds not set; expected an object with at most 200 kinds'],
    [{ ...FILE, colours: 1 }, 'colours unknown; expected one of $schema, switches, kinds'],
    [{ kinds: [] }, 'kinds []; expected an object with at most 200 kinds'],
    [{ kinds: { 'ticket.closed': 1 } }, `${kind} 1; expected an object with title`],
    [
      { ...FILE, switches: { ...FILE.switches, 'Tickets!': { description: 'x' } } },
      'switches["Tickets!"] named wrongly; expected a name of at most 63',
    ],
    [
      { ...FILE, switches: { stats_tickets_enabled: {} } },
      'switches.stats_tickets_enabled.description not set; expected a text',
    ],
    [withKind({}, 'Ticket closed'), 'kinds["Ticket closed"] named wrongly; expected a name like ticket.closed'],
    [withKind({}, 'tickets'), 'kinds.tickets named wrongly; expected a name like ticket.closed'],
    [withKind({ title: undefined }), `${kind}.title not set; expected a text of 1 to 100 characters on one line`],
    [
      withKind({ title: 'two\nlines' }),
      `${kind}.title "two\\nlines"; expected a text of 1 to 100 characters on one line`,
    ],
    [withKind({ colour: 'red' }), `${kind}.colour unknown; expected one of title, record_path`],
    [withKind({ record_path: 'stats//closed' }), `${kind}.record_path "stats//closed"; expected a path like`],
    [withKind({ record_path: 'stats/:id' }), `${kind}.record_path "stats/:id"; expected a path like`],
    [withKind({ switch: 5 }), `${kind}.switch 5; expected a name of at most 63`],
    [withKind({ optional_user: 'yes' }), `${kind}.optional_user "yes"; expected true or false`],
    [withKind({ fields: { topic: 'text' } }), `${kind}.fields.topic "text"; expected one of user_id, channel_id`],
    [withKind({ fields: { Topic: 'label' } }), `${kind}.fields["Topic"] named wrongly; expected a name of at most 63`],
    ...Object.keys({ ...CATALOGUE, ...GUILD_EVENTS }).map((name): [object, string] => [
      withKind({}, name),
      `kinds["${name}"] the name of a built-in event; expected`,
    ]),
    [
      withKind({}, 'created.reminder'),
      'kinds["created.reminder"] called CreatedReminder in the API document, as reminder.created is; expected',
    ],
    [
      { ...FILE, kinds: { 'a_b.c': TICKET, 'a.b_c': { ...TICKET, record_path: 'stats/other' } } },
      'kinds["a.b_c"] called ABC in the API document, as a_b.c is; expected',
    ],
    ...[...SWITCH_NAMES, 'guild_id', 'counter_panel_enabled', 'starboard_count'].map((name): [object, string] => [
      { ...FILE, switches: { ...FILE.switches, [name]: { description: 'x' } } },
      `switches.${name} the name of a built-in setting; expected`,
    ]),
    [withKind({ switch: 'stats_ticket_enabled' }), `${kind}.switch "stats_ticket_enabled"; expected a switch that`],
    [
      withKind({ bot_switch: 'unknown', fields: { bot: 'is_bot' } }),
      `${kind}.bot_switch "unknown"; expected a switch that`,
    ],
    [
      withKind({ bot_switch: 'stats_track_bot_messages' }),
      `${kind}.bot_switch "stats_track_bot_messages"; expected a field in the column is_bot`,
    ],
    [
      withKind({ record_path: 'stats/message/check' }),
      `${kind}.record_path "stats/message/check"; expected another path: message.sent has stats/message/check`,
    ],
    [
      withKind({ view_path: 'stats/message/view' }),
      `${kind}.view_path "stats/message/view"; expected another path: message.sent has stats/message/view`,
    ],
    [
      withKind({ view_path: 'stats/message/summary' }),
      `${kind}.view_path "stats/message/summary"; expected another path: message.sent`,
    ],
    [
      withKind({ record_path: 'stats/message' }),
      `${kind}.record_path "stats/message", with the view "stats/message/view"; expected another path: message.sent has stats/message/view`,
    ],
    [
      withKind({ view_path: 'stats/message' }),
      `${kind}.view_path "stats/message", with the summary "stats/message/summary"; expected another path: message.sent has`,
    ],
    [
      withKind({ record_path: 'stats/overview' }),
      `${kind}.record_path "stats/overview"; expected another path: the API has stats/overview itself`,
    ],
    [
      withKind({ view_path: 'settings/tickets' }),
      `${kind}.view_path "settings/tickets"; expected another path: the API has settings itself`,
    ],
    [
      {
        ...FILE,
        kinds: { 'ticket.closed': TICKET, 'ticket.opened': { ...TICKET, view_path: 'stats/tickets/opened' } },
      },
      'kinds["ticket.opened"].record_path "stats/tickets/closed"; expected another path: ticket.closed has stats/tickets/closed',
    ],
    [
      withKind({ fields: { guild_id: 'label' } }),
      `${kind}.fields.guild_id a name that records or events have anyway; expected another name`,
    ],
    [withKind({ fields: { timestamp: 'value' } }), `${kind}.fields.timestamp a name that records`],
    [
      withKind({ fields: { user_id: 'channel_id' } }),
      `${kind}.fields.user_id "channel_id"; expected user_id, the column of that name`,
    ],
    [
      withKind({ fields: { topic: 'label', reason: 'label' } }),
      `${kind}.fields.reason "label"; expected another column: topic is in it`,
    ],
    [
      withKind({ fields: { closed_by: 'user_id' }, optional_user: true }),
      `${kind}.optional_user true; expected false: the field closed_by is the user`,
    ],
    [
      withKind({ identified_by: 'topic' }),
      `${kind}.identified_by "topic"; expected the name of the field in the column message_id`,
    ],
    [withKind({ identified_by: 'message_id' }), `${kind}.identified_by "message_id"; expected the name of the field`],
    [
      withKind({ fields: {}, label_grouping: 'topic' }),
      `${kind}.label_grouping "topic"; expected a field in the column label`,
    ],
    [
      withKind({ label_grouping: 'channel' }),
      `${kind}.label_grouping "channel"; expected a name other than user and channel`,
    ],
    [withKind({ fields: { user: 'label' } }), `${kind}.label_grouping not set; expected a name other than user`],
  ])('should name the mistake in %j', (file, mistake) => {
    expect(linesOf(parse(file))).toEqual([expect.stringContaining(mistake)]);
  });

  it('should name all mistakes at once, those of the form and those of the rules', () => {
    const file = {
      switches: { stats_command_usage: { description: 'x' } },
      kinds: {
        'ticket.closed': { ...TICKET, fields: { topic: 'label', reason: 'label' } },
        'ticket.opened': { ...TICKET, title: '', label_grouping: 'subject', fields: { topic: 'words', id: 'label' } },
      },
    };
    expect(linesOf(parse(file)).map((line) => line.split(' ')[0])).toEqual([
      'kinds["ticket.opened"].title',
      'kinds["ticket.opened"].fields.topic',
      'switches.stats_command_usage',
      `${kind}.switch`,
      `${kind}.fields.reason`,
      'kinds["ticket.opened"].record_path',
      'kinds["ticket.opened"].switch',
      'kinds["ticket.opened"].fields.id',
    ]);
  });

  it('should reserve the filters for the columns of their names', () => {
    for (const filter of FILTERS) {
      expect(linesOf(parse(withKind({ fields: { [filter]: 'label' } })))).toHaveLength(1);
    }
  });

  describe('on the disk', () => {
    let folder: string;
    beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'serverstats-kinds-'))));
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each([
      ['a missing file', () => undefined, 'which cannot be read (ENOENT); expected a readable JSON file'],
      ['text', () => 'kinds: none', 'which is not JSON: '],
      ['a kind that is there twice', () => '{"kinds": {"a.b": {}, "a.b": {}}}', 'which is not JSON: '],
      ['no UTF-8', () => Buffer.from([0x22, 0xff, 0x22]), 'which cannot be read'],
      ['a file that is too large', () => ' '.repeat(1_048_577), 'of 1048577 bytes; expected a file of at most 1048576'],
    ])('should be refused if it is %s', (name, content, mistake) => {
      const path = join(folder, name);
      const written = content();
      if (written !== undefined) writeFileSync(path, written);
      expect(linesOf(readStatisticsFile(path))).toEqual([
        expect.stringContaining(`${JSON.stringify(path)}, ${mistake}`),
      ]);
    });

    it('should be refused if it is a directory', () => {
      expect(linesOf(readStatisticsFile(folder))).toEqual([expect.stringContaining('which is not a file; expected')]);
    });
  });
});
