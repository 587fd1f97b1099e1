import { COUNTERS, CUSTOM_PANEL_TYPE } from '#libs/contracts';
import type { KnownCounter, UnremovedChannel } from '#libs/counters';
import { counterStatus, type CounterFacts } from './counter-status.js';
import type { PanelStatus } from './dto/panel-status.dto.js';

/** The counters of the settings in their order, then channels that no longer belong to a counter. */
export function panelStatus(
  counters: readonly KnownCounter[],
  facts: CounterFacts,
  unremoved: readonly UnremovedChannel[],
): PanelStatus[] {
  return [...counters.flatMap((known) => statusOfPanel(known, facts)), ...unremoved.map(statusOfUnremoved)];
}

function statusOfPanel(known: KnownCounter, facts: CounterFacts): PanelStatus[] {
  const { counter, definition } = known;
  if (definition.panel === undefined || counter.source === 'counter') return [];
  const { name, updated_at, next_update_at, error } = counterStatus(known, facts);
  return [
    {
      panel: definition.panel,
      channel_id: counter.channelId,
      last_value: name,
      last_update_at: updated_at,
      next_update_at,
      last_error: error,
    },
  ];
}

function statusOfUnremoved({ channelId, channelName, error, dueAt }: UnremovedChannel): PanelStatus {
  const what = `The channel ${JSON.stringify(channelName)} no longer belongs to a counter and should be deleted`;
  return {
    panel: COUNTERS[CUSTOM_PANEL_TYPE].panel,
    channel_id: channelId,
    last_value: null,
    last_update_at: null,
    next_update_at: dueAt?.toISOString() ?? null,
    last_error: `${what}. ${error}${dueAt === null ? '. No further attempts: delete the channel in Discord' : ''}`,
  };
}
