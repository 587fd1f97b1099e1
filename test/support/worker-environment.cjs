const { TestEnvironment } = require('jest-environment-node');

// Jest loads this file once in each worker. A worker ends by itself when nothing is open any more, and Node then takes
// its heap apart, which takes 250 ms of CPU for 250 MB. Three workers on two busy cores are not done within the 500 ms
// after which Jest kills them and says that they leak. A worker with an open socket or timer does not get here.
if (process.connected) process.once('beforeExit', () => process.exit());

module.exports = TestEnvironment;
