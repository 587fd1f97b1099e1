import { NO_OWN_STATISTICS, type OwnStatistics } from '#libs/contracts';
import { placeOf, readStatisticsFile } from '#libs/statistics-file';
import type { ConfigurationMistake } from './configuration-error.js';
import type { Environment } from './environment.js';

/** Reads the file that STATISTICS_FILE names. Without it, there are no own statistics. */
export function readOwnStatistics({ STATISTICS_FILE: path }: Environment): {
  statistics: OwnStatistics;
  mistakes: ConfigurationMistake[];
} {
  if (!path) return { statistics: NO_OWN_STATISTICS, mistakes: [] };
  const read = readStatisticsFile(path);
  if ('statistics' in read) return { statistics: read.statistics, mistakes: [] };
  const mistakes = read.mistakes.map(({ path: place, ...mistake }) => ({
    variable: `STATISTICS_FILE ${placeOf(place)}`.trimEnd(),
    ...mistake,
  }));
  return { statistics: NO_OWN_STATISTICS, mistakes };
}
