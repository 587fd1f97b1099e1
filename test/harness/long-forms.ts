/** Whether tests that have a longer form take it: `npm run faults`. */
export const IS_LONG = process.env.LONG_FAULTS !== undefined;
