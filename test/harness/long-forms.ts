/** Whether tests with a longer form use it, as in `npm run faults`. */
export const IS_LONG = process.env.LONG_FAULTS !== undefined;
