// The client before the real programs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../index.js';
import { proxy, referenceServer } from './programs.js';

function clientOf(t, { address }, options = {}) {
  const client = new Client(address, { timeoutMs: 20_000, ...options });
  t.after(() => client.close());
  return client;
}
const numbered = (count, fields = {}) => Array.from({ length: count }, (_, n) => ({ type: 'video', body: `${n}`, ...fields }));
const bodiesOf = (replies) => replies.map(({ body }) => body.toString());

test('requests are spread over the servers, and the proxy describes itself', async (t) => {
  const servers = [await referenceServer(t), await referenceServer(t)];
  const client = clientOf(t, await proxy(t, servers));
  const calls = numbered(200, { length: 2 });
  const replies = await client.callMany(calls);
  assert.deepEqual(bodiesOf(replies), calls.map(({ body }) => body));
  assert.deepEqual([...new Set(replies.map(({ origin }) => origin))].sort(), [0, 1]);
  assert.deepEqual((await client.describe()).servers.map(({ name }) => name), ['server-0', 'server-1']);
  assert.ok((await client.ping()) > 0);
});

test('64 KiB go both ways, also when much is sent before anything is read', async (t) => {
  const client = clientOf(t, await proxy(t, [await referenceServer(t, '--unit', 0)]));
  const body = Buffer.alloc(65536, 'finishline');
  const replies = await client.callMany(Array.from({ length: 300 }, () => ({ type: 'music', body })), { window: 300 });
  assert.ok(replies.every((reply) => reply.body.equals(body)));
});

test('a server that is drained costs nobody a request', async (t) => {
  const servers = [await referenceServer(t), await referenceServer(t)];
  const client = clientOf(t, await proxy(t, servers));
  const calls = numbered(600);
  setTimeout(() => servers[0].process.kill('SIGTERM'), 150);
  assert.deepEqual(bodiesOf(await client.callMany(calls)), calls.map(({ body }) => body));
  assert.equal(await servers[0].ended, 0);
});

test('a server that is killed costs none that may be done twice', async (t) => {
  const servers = [await referenceServer(t), await referenceServer(t)];
  const client = clientOf(t, await proxy(t, servers));
  const calls = numbered(600, { retryable: true });
  setTimeout(() => servers[0].process.kill('SIGKILL'), 150);
  assert.deepEqual(bodiesOf(await client.callMany(calls)), calls.map(({ body }) => body));
  assert.equal(await servers[0].ended, 'SIGKILL');
});

test('a killed server loses what may not be done twice', async (t) => {
  const server = await referenceServer(t, '--unit', '10s');
  const client = clientOf(t, await proxy(t, [server]));
  setTimeout(() => server.process.kill('SIGKILL'), 200);
  await assert.rejects(client.call('video'), { name: 'ServerLost' });
});

test('every status that the proxy and its servers can say', async (t) => {
  const running = await proxy(t, [await referenceServer(t, '--fail-every', 3)],
    { work: 'max_length = 1000', listener: 'max_body = "64KiB"' });
  const client = clientOf(t, running, { retry: { attempts: 1 } });
  await assert.rejects(client.call('X'), { name: 'UnknownType' });
  await assert.rejects(client.call('video', { length: 1001 }), { name: 'TooLarge' });
  await assert.rejects(client.call('video', { body: Buffer.alloc(65537) }), { name: 'TooLarge' });
  await assert.rejects(client.call('video', { length: 1000, deadlineMs: 100 }), { name: 'DeadlineExceeded' });
  const results = await client.callMany(numbered(12), { returnErrors: true });
  assert.ok(results.some(({ name }) => name === 'ServerFailed') && results.some(({ status }) => status === 0));
});

test('no server is up', async (t) => {
  const running = await proxy(t, [{ address: '127.0.0.1:1' }], { up: false });
  await assert.rejects(clientOf(t, running).call('video'), { name: 'NoServer' });
});

test('a limit of the listener is waited for', async (t) => {
  const running = await proxy(t, [await referenceServer(t)], { listener: 'request_rate = "20/s"\nrequest_burst = 1' });
  const replies = await clientOf(t, running, { retry: { attempts: 50 } }).callMany(numbered(5));
  assert.ok(replies.some(({ attempts }) => attempts > 1));
  const once = await clientOf(t, running, { retry: { attempts: 1 } }).callMany(numbered(5), { returnErrors: true });
  assert.ok(once.some(({ name, retryAfterMs }) => name === 'Overloaded' && retryAfterMs > 0));
});

test('a proxy that stops answers what is open', async (t) => {
  const running = await proxy(t, [await referenceServer(t, '--unit', '400ms')]);
  const client = clientOf(t, running, { connectTimeoutMs: 300 });
  setTimeout(() => running.process.kill('SIGTERM'), 100);
  assert.equal((await client.call('video', { body: 'open' })).body.toString(), 'open');
  assert.equal(await running.ended, 0);
  await assert.rejects(client.call('video'), { name: 'ConnectFailed' });
});

test('half frames and refusals of a server are got over', async (t) => {
  for (const fault of ['--half-frame-every', '--refuse-every']) {
    const server = await referenceServer(t, '--unit', 0, fault, 7);
    const client = clientOf(t, server, { retry: { attempts: 20, firstPauseMs: 5, longestPauseMs: 20 } });
    const calls = numbered(60, { retryable: true });
    assert.deepEqual(bodiesOf(await client.callMany(calls, { window: 4 })), calls.map(({ body }) => body));
  }
});

test('what is open when a client closes is left by the server, too', async (t) => {
  const server = await referenceServer(t, '--unit', '100ms');
  for (const { address } of [server, await proxy(t, [server])]) {
    const leaving = new Client(address, { timeoutMs: 20_000 });
    const open = leaving.call('video', { length: 100_000 });
    const other = clientOf(t, { address }, { retry: { attempts: 1 } });
    await assert.rejects(other.call('video', { length: 0, deadlineMs: 100 }), { name: 'DeadlineExceeded' });
    const told = assert.rejects(open, { name: 'ClientClosed' });
    await leaving.close();
    await told;
    assert.equal((await other.call('video', { length: 0, body: 'next' })).body.toString(), 'next');
  }
});
