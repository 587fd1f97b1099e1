/** The log messages of an outage of the database. */
export const DATABASE_OUTAGE = {
  begins: 'the database is not available',
  goesOn: 'the database is still not available',
  ends: 'the database is available again',
} as const;
