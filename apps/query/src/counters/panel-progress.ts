import type { CreatedChannel } from '#libs/counters';
import type { LogIds } from '#libs/observability';
import type { PanelToCreate } from './custom-panels.js';

/** A custom panel that is being created. */
export interface PanelCreation {
  panel: PanelToCreate;
  creation: CreatedChannel;
  /** `requested`: the request was sent, and Discord may have created the channel even if the request failed. */
  state: 'not requested' | 'requested' | 'refused' | 'created';
}

/** What one API request has changed in Discord so far. */
export interface PanelProgress {
  guildId: string;
  /** Of the request, for the log. */
  ids: LogIds;
  creations: PanelCreation[];

  deleted: Set<string>;
}
