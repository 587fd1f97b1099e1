/**
 * Runs test files in the realm of the worker, and not in a vm context for each. So tests and the modules that
 * shared-modules-runtime.cjs loads once for each worker share classes and globals. After each file, the globals that it
 * has changed are as before.
 */
const vm = require('node:vm');
const { ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');
const { installCommonGlobals } = require('jest-util');

// Jest loads this file once in each worker. A worker ends by itself when nothing is open any more, and Node then takes
// its heap apart, which takes 250 ms of CPU for 250 MB. Three workers on two busy cores are not done within the 500 ms
// after which Jest kills them and says that they leak. A worker with an open socket or timer does not get here.
if (process.connected) process.once('beforeExit', () => process.exit());

/** Stands for the worker's realm where Jest asks for a context to compile test files in. */
const THIS_REALM = {};
const { compileFunction } = vm;
vm.compileFunction = (code, parameters, { parsingContext, ...options } = {}) =>
  compileFunction(code, parameters, parsingContext === THIS_REALM ? options : { parsingContext, ...options });

const realProcess = process;
installCommonGlobals(globalThis, {}, 'off');
// Instead of the copy that Jest has just put there.
globalThis.process = realProcess;

/** The symbols of the globals in which Jest has the tests of one file, and what listens to them. */
const OF_ONE_FILE = new Set(['JEST_STATE_SYMBOL', 'EVENT_HANDLERS', 'RETRY_TIMES_SETTER', 'TEST_TIMEOUT_SYMBOL']);

module.exports = class WorkerEnvironment {
  constructor({ projectConfig }) {
    this.globals = Object.getOwnPropertyDescriptors(globalThis);
    this.exit = Object.getOwnPropertyDescriptor(process, 'exit');
    this.env = process.env;
    this.variables = { ...process.env };
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async setup() {
    // As in production. Jest sets 100, and each error of a service would pay for it.
    Error.stackTraceLimit = 10;
  }

  async teardown() {
    this.fakeTimersModern.dispose();
    restoreGlobals(this.globals);
    // Jest wraps it for each file.
    Object.defineProperty(process, 'exit', this.exit);
    process.env = this.env;
    for (const name of Object.keys(process.env)) if (!(name in this.variables)) delete process.env[name];
    Object.assign(process.env, this.variables);
  }

  getVmContext() {
    return THIS_REALM;
  }
};

/** New globals stay, because packages keep things there: the decorators of class-validator, the agent of fetch. */
function restoreGlobals(descriptors) {
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (OF_ONE_FILE.has(symbol.description)) delete globalThis[symbol];
  }
  for (const [name, descriptor] of Object.entries(descriptors)) {
    if (!descriptor.configurable || !('value' in descriptor)) continue;
    if (Object.getOwnPropertyDescriptor(globalThis, name)?.value === descriptor.value) continue;
    Object.defineProperty(globalThis, name, descriptor);
  }
}
