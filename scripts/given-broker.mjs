/** Virtual hosts on a RabbitMQ that somebody else runs (TEST_BROKER_URL), through its management API. */
const PREFIX = 'serverstats-test-';
const PATTERN = /^serverstats-test-(\d+)-\d+-\d+$/;
/** Those of runs that were killed. */
const LEFTOVER_AGE_MS = 24 * 60 * 60 * 1_000;
const MANAGEMENT_PORT = 15_672;
const REQUEST_MS = 60_000;
const AT_ONCE = 8;

/**
 * Creates virtual hosts of this run. `stopAtOnce` deletes them.
 *
 * @param {string} brokerUrl an AMQP URL; its path does not matter
 * @param {string | undefined} managementUrl by default port 15672 of the same host, with the same credentials
 * @param {number} count
 */
export async function useGivenBroker(brokerUrl, managementUrl, count) {
  const broker = readUrl('TEST_BROKER_URL', brokerUrl);
  const management = managementUrl
    ? readUrl('TEST_BROKER_MANAGEMENT_URL', managementUrl)
    : new URL(`http://${broker.hostname}:${MANAGEMENT_PORT}`);
  const user = decodeURIComponent(broker.username || 'guest');
  const password = decodeURIComponent(broker.password || 'guest');
  const call = (method, path, body) => callManagement(management, { user, password }, method, path, body);

  const all = await call('GET', '/vhosts');
  await forEach(all.map(({ name }) => name).filter(isLeftover), (name) => call('DELETE', `/vhosts/${name}`));
  const run = `${PREFIX}${Date.now()}-${process.pid}-`;
  const vhosts = Array.from({ length: count }, (_, index) => run + index);
  await forEach(vhosts, async (name) => {
    await call('PUT', `/vhosts/${name}`);
    const everything = { configure: '.*', write: '.*', read: '.*' };
    await call('PUT', `/permissions/${name}/${encodeURIComponent(user)}`, everything);
  });
  return {
    url: `${broker.protocol}//${encodeURIComponent(user)}:${encodeURIComponent(password)}@${broker.host}`,
    vhosts,
    stopAtOnce: () =>
      forEach(vhosts, (name) => call('DELETE', `/vhosts/${name}`)).catch((error) => console.error(error.message)),
  };
}

function isLeftover(name) {
  const [, madeAt] = PATTERN.exec(name) ?? [];
  return madeAt !== undefined && Date.now() - Number(madeAt) > LEFTOVER_AGE_MS;
}

async function callManagement(management, { user, password }, method, path, body) {
  const url = new URL(`/api${path}`, management);
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const signal = AbortSignal.timeout(REQUEST_MS);
  const explain = (reason) =>
    new Error(
      `The management API of the broker in TEST_BROKER_URL does not take ${method} ${url.href}: ${reason}. ` +
        'The plugin rabbitmq_management must be enabled; TEST_BROKER_MANAGEMENT_URL says where it listens',
    );
  const answer = await fetch(url, { method, headers, signal, body: body && JSON.stringify(body) }).catch((error) => {
    throw explain(error.cause?.message ?? error.message);
  });
  if (!answer.ok) throw explain(`status ${answer.status}`);
  return method === 'GET' ? answer.json() : undefined;
}

function readUrl(variable, text) {
  try {
    return new URL(text);
  } catch {
    throw new Error(`${variable} must be a URL`);
  }
}

async function forEach(items, work) {
  const left = [...items];
  const next = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}
