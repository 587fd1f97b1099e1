const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The files that take longest, most of it waiting. Jest knows how long a file took only after the first run on a
 * machine, and would start some of these last: then one worker runs while the others have ended.
 */
const SLOWEST = [
  'test/gate/gate',
  'test/integration/private-broker',
  'test/integration/faults',
  'test/e2e/dashboard',
  'test/cli/dead-letters',
  'test/standalone/without-broker',
  'test/query/wrong-requests',
];

module.exports = class SlowestFirstSequencer extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const index = SLOWEST.findIndex((name) => path.endsWith(`${name}.spec.ts`));
      return index < 0 ? SLOWEST.length : index;
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
