// @ts-check
/**
 * Uses the API through a client whose types are generated from its document. The test checks this file with the TypeScript
 * compiler before it runs it, so each `@ts-expect-error` is a mistake that the types must find.
 *
 * @import { Client } from 'openapi-fetch'
 * @import { components, paths } from './api.js'
 */
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';

const [baseUrl, serviceKey, guild_id] = /** @type {[string, string, string]} */ (process.argv.slice(2));
const MODULE = '/modules/serverstats';

/** @type {Client<paths>} */
const api = createClient({ baseUrl, headers: { authorization: `Bearer ${serviceKey}` } });

const enabled = await api.POST(`${MODULE}/enable`, { body: { guild_id } });
assert.equal(enabled.data?.data.enabled, true);

const twice = await api.POST(`${MODULE}/enable`, { body: { guild_id } });
assert.equal(twice.data, undefined);
assert.ok(!twice.error.success);
// @ts-expect-error -- no error has this name
if (twice.error.error.name === 'GuildError') assert.fail();
if (twice.error.error.name !== 'ModuleEnabledError') assert.fail(twice.error.error.message);
/** @type {801} */
const code = twice.error.error.code;
assert.equal(code, 801);

const wrong = await api.POST(`${MODULE}/stats/command/check`, {
  // @ts-expect-error -- the command is missing
  body: { guild_id },
});
assert.ok(wrong.error?.error.name === 'BadRequestError');
assert.deepEqual(
  wrong.error.error.fields.map(({ field }) => field),
  ['command'],
);

const settings = await api.PATCH(`${MODULE}/settings`, { body: { guild_id, stats_command_usage: true } });
assert.equal(settings.data?.data.stats_command_usage, true);
/** @type {string | null | undefined} */
const category = settings.data?.data.counter_panel_category_channel;
assert.equal(category, null);

const recorded = await api.POST(`${MODULE}/stats/command/check`, { body: { guild_id, command: 'ping' } });
assert.equal(recorded.response.status, 202);
assert.ok(recorded.data?.data.accepted);
/** @type {string} */
const eventId = recorded.data.data.event_id;
assert.match(eventId, /^[0-9a-f-]{36}$/);

const declined = await api.POST(`${MODULE}/stats/functions/reminders/created`, { body: { guild_id } });
assert.ok(declined.data && !declined.data.data.accepted);
/** @type {'statistic_disabled'} */
const reason = declined.data.data.reason;
assert.equal(reason, 'statistic_disabled');

const listed = await api.GET(`${MODULE}/stats/command/view`, { params: { query: { guild_id, limit: 1 } } });
// A view can also be a text, for a download.
assert.ok(typeof listed.data === 'object');
/** @type {components['schemas']['CommandUsedRecord'][]} */
const records = listed.data.data;
assert.deepEqual(
  records.map(({ command, user_id }) => ({ command, user_id })),
  [{ command: 'stored', user_id: null }],
);
assert.equal(typeof listed.data.page.next_cursor, 'string');
// @ts-expect-error -- commands have no channel
assert.equal(records[0]?.channel_id, undefined);

const summary = await api.GET(`${MODULE}/stats/command/summary`, {
  params: { query: { guild_id, interval: 'hour', group_by: 'command' } },
});
assert.equal(summary.data?.data.total, 2);
assert.deepEqual(summary.data.data.groups, [{ key: 'stored', count: 2 }]);
await api.GET(`${MODULE}/stats/command/summary`, {
  // @ts-expect-error -- there are no such buckets
  params: { query: { guild_id, interval: 'week' } },
});

const timed = await api.GET(`${MODULE}/stats/modules/tags/send-time/summary`, { params: { query: { guild_id } } });
assert.ok(timed.data);
/** @type {components['schemas']['TagSendTimedSummary']} */
const { total, stats } = timed.data.data;
assert.deepEqual([total, stats?.p95], [0, undefined]);

const created = await api.POST('/auth/api-keys', { body: { guild_id, name: 'typed', access: 'read' } });
assert.ok(created.data);
const { id, key, last_used_at } = created.data.data;
assert.equal(last_used_at, null);
/** @type {Client<paths>} */
const keyed = createClient({ baseUrl, headers: { authorization: `Bearer ${key}` } });
assert.equal((await keyed.GET(`${MODULE}/status`, { params: { query: { guild_id } } })).response.status, 200);
const revoked = await api.DELETE('/auth/api-keys/{id}', { params: { path: { id } } });
assert.equal(revoked.data?.data.revoked, true);
