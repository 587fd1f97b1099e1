import { isLive } from '../address/view.js';
import { useApi } from '../api/queries.js';
import type { Collection, Summary } from '../api/types.js';
import { frameState, together, type FrameState, type Reading } from '../components/frame-state.js';
import { collectedOf, holesIn, segmentsOf, windowOf, type Segment, type Span } from '../series/segments.js';
import type { Interval } from '../time/time-zone.js';
import { windowOfGuild, type KindView } from './kind-view.js';

export interface Series {
  reading: Reading;
  state: FrameState;
  summary: Summary | undefined;
  segments: Segment[];
  holes: Span[];
  collected: Span[];
}

/** The counts of a kind over time, and when it was collected. */
export function useSeries(of: KindView, interval: Interval): Series {
  const { kind, view } = of;
  const live = isLive(view, Date.now());
  const window = windowOfGuild(of);
  const query = { ...window, interval, timezone: view.timeZone };
  const summary = useApi<Summary>(kind.summary_path, query, { live });
  const collection = useApi<Collection>('/stats/collection', window, { live });
  const reading = together(summary, collection);
  if (summary.data === undefined || collection.data === undefined) {
    const state = frameState(reading, () => 'ready');
    return { reading, state, summary: summary.data, segments: [], holes: [], collected: [] };
  }
  const collected = collectedOf(collection.data, kind.kind);
  const segments = segmentsOf(summary.data, collected, { interval, timeZone: view.timeZone, isLive: live });
  const isOff = segments.every(({ state }) => state === 'hole');
  const ofData = () => (isOff ? 'off' : summary.data.total === 0 ? 'empty' : 'ready');
  const holes = holesIn(windowOf(summary.data), collected);
  return { reading, state: frameState(reading, ofData), summary: summary.data, segments, holes, collected };
}
