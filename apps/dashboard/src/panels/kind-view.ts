import type { Kind } from '../api/types.js';
import { addressOf, type Query } from '../api/client.js';
import { windowQuery, type View } from '../address/view.js';

/** A kind of a guild in a window. */
export interface KindView {
  guild: string;
  kind: Kind;
  view: View;
}

export function windowOfGuild({ guild, view }: Pick<KindView, 'guild' | 'view'>): Query {
  return { guild_id: guild, ...windowQuery(view) };
}

/** Where all records of the window are downloaded. */
export function downloadAddress(of: KindView, format: 'csv' | 'ndjson'): string {
  return addressOf(of.kind.view_path, { ...windowOfGuild(of), format });
}
