import type { CreatedChannel } from '#libs/counters';
import type { LogIds } from '#libs/observability';
import type { PanelToCreate } from './custom-panels.js';

/** A custom panel on its way, and how far it got. */
export interface PanelCreation {
  panel: PanelToCreate;
  creation: CreatedChannel;
  /** `asked`: Discord was asked, and may have created the channel whatever it answered. */
  state: 'not asked' | 'asked' | 'refused' | 'created';
}

/** How far a request got in Discord. */
export interface PanelProgress {
  guildId: string;
  /** Of the request, for the log. */
  ids: LogIds;
  creations: PanelCreation[];
  /** Channels that are gone by now. */
  deleted: Set<string>;
}
