export type { PermissionName } from './permission-bits.js';
export { DiscordDouble, type DiscordDoubleOptions, type RecordedRequest } from './discord-double.js';
export type * from './discord-state.js';
export type { LoginApplication } from './login-double.js';
export type { Fault, FaultRule } from './faults.js';
