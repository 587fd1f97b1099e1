import type { CreatedChannel } from '#libs/counters';
import type { LogIds } from '#libs/observability';

/** A channel to create. */
export interface ChannelToCreate {
  /** 1 to 100 characters. */
  name: string;
  /** A role that must exist. Null if there is none to check. */
  roleId: string | null;
}

/** A channel that is being created. */
export interface PanelCreation {
  wanted: ChannelToCreate;
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
  /** The channels that were deleted. */
  deleted: Set<string>;
}
