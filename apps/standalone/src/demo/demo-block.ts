import { describeRows } from '../start-block.js';

export interface DemoBlock {
  /** The URL of the query service. */
  url: string;
  guildId: string;
  key: string;
  history: {
    events: number;
    /** How many of them cannot be read yet. */
    missing: number;
    days: number;
    seconds: number;
  };
}

/** The text that is printed when the history of the demo is stored. */
export function describeDemo({ url, guildId, key, history }: DemoBlock): string {
  const { events, missing, days, seconds } = history;
  const overview = `${url}/modules/serverstats/stats/overview?guild_id=${guildId}&days=${days}`;
  return describeRows('The demo guild is ready.', [
    [
      'History',
      `${events} events of ${days} ${days === 1 ? 'day' : 'days'}, stored in ${seconds} s`,
      ...(missing > 0
        ? [`${missing} of them are not stored (yet): the system is slow, or the guild or a member was erased`]
        : []),
    ],
    ['Guild', guildId],
    ['Dashboard', `${url}/g/${guildId}`],
    ['API key', `${key} (of this guild only)`],
    ['Try', `curl -H 'Authorization: Bearer ${key}' '${overview}'`],
    ['Now', 'new events arrive as they would in a real guild'],
    ['Stop', 'Ctrl-C'],
  ]);
}
