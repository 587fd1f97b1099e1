import type { StatisticKind } from '#libs/contracts';

/** `statistic_kinds.definition`: a kind as in the file of own kinds, with all its properties. */
export interface StoredDefinition {
  title: string;
  record_path: string;
  view_path: string;
  switch: string;
  bot_switch: string | null;
  optional_user: boolean;
  fields: StatisticKind['fields'];
  identified_by: NonNullable<StatisticKind['identifiedBy']> | null;
  label_grouping: string | null;
  /** Only built-in kinds have these. */
  groupings: NonNullable<StatisticKind['groupings']> | null;
  measured_since: string | null;
}

export function toStoredDefinition(kind: StatisticKind): StoredDefinition {
  return {
    title: kind.title,
    record_path: kind.recordPath,
    view_path: kind.viewPath,
    switch: kind.switch,
    bot_switch: kind.botSwitch ?? null,
    optional_user: kind.optionalUser,
    fields: kind.fields,
    identified_by: kind.identifiedBy ?? null,
    label_grouping: kind.labelGrouping ?? null,
    groupings: kind.groupings ?? null,
    measured_since: kind.measuredSince ?? null,
  };
}

export function fromStoredDefinition(stored: StoredDefinition): StatisticKind {
  return {
    title: stored.title,
    recordPath: stored.record_path,
    viewPath: stored.view_path,
    switch: stored.switch,
    botSwitch: stored.bot_switch ?? undefined,
    optionalUser: stored.optional_user,
    fields: stored.fields,
    identifiedBy: stored.identified_by ?? undefined,
    labelGrouping: stored.label_grouping ?? undefined,
    groupings: stored.groupings ?? undefined,
    measuredSince: stored.measured_since ?? undefined,
  };
}
