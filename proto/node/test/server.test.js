// The server before clients of this package, scripted ones, and real programs.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, Overloaded, Server, TooLarge } from '../index.js';
import { ANSWERS, Decoder, Kind, Status, encode } from '../lib/frame.js';
import { Program, proxy } from './programs.js';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));

// A server and a client of it, both gone with the test.
async function pair(t, handler, options = {}) {
  const server = new Server('127.0.0.1:0', { log: () => {}, ...options }).handles('video', handler);
  const client = new Client(await server.start(), { timeoutMs: 20_000, retry: { attempts: 1 } });
  t.after(async () => {
    await client.close();
    await server.stop();
  });
  return { server, client };
}

// A connection that speaks frames as the test wants.
async function speaker(t, server) {
  const [host, port] = server.address.split(':');
  const socket = net.connect({ host, port });
  t.after(() => socket.destroy());
  const decoder = new Decoder(ANSWERS);
  const heard = [];
  let wake = () => {};
  socket.on('data', (data) => {
    heard.push(...decoder.feed(data));
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => wake());
  return {
    socket,
    say: (header, body) => socket.write(encode(header, body)),
    async hear() {
      while (heard.length === 0 && !socket.destroyed) {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
      return heard.shift();
    },
  };
}
const request = (id, fields = {}) => ({ kind: Kind.request, type: 0x56, id, length: 1, ...fields });

// Work that takes until it is let go, or taken back.
function gate() {
  const begun = [];
  const handler = (work) => new Promise((resolve, reject) => {
    begun.push({ work, resolve });
    work.signal.addEventListener('abort', () => reject(work.signal.reason), { once: true });
  });
  const has = async (count) => {
    while (begun.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return { begun, handler, has };
}

async function worker(t) {
  const program = new Program(process.execPath, WORKER, '127.0.0.1:0');
  t.after(() => program.end());
  program.address = (await program.says(/listening on (\S+)/))[1];
  return program;
}

test('handlers get what was asked, and what they return comes back', async (t) => {
  let seen;
  const { client } = await pair(t, (work) => {
    seen = work;
    return work.body;
  });
  const reply = await client.call('video', { length: 7, body: 'cat', retryable: true, deadlineMs: 5000 });
  assert.equal(reply.body.toString(), 'cat');
  assert.deepEqual([seen.type, seen.length, seen.retryable], ['video', 7, true]);
  assert.ok(seen.timeLeftMs() > 0 && seen.timeLeftMs() <= 5000);
  await assert.rejects(client.call('music'), { name: 'UnknownType' });
});

test('text, nothing and promises are bodies, and other things a failure of the server', async (t) => {
  const bodies = ['text', undefined, Promise.resolve(Buffer.from('later')), 42];
  const logged = [];
  const { client } = await pair(t, ({ length }) => bodies[length], { log: (words) => logged.push(words) });
  const told = [];
  for (let length = 0; length < 3; length += 1) told.push((await client.call('video', { length })).body.toString());
  assert.deepEqual(told, ['text', '', 'later']);
  await assert.rejects(client.call('video', { length: 3 }), { name: 'ServerFailed' });
  assert.deepEqual(logged, ['the handler of video failed']);
});

test('what a handler throws is the status of the reply', async (t) => {
  const errors = [new TooLarge(), new Overloaded(undefined, { retryAfterMs: 250 }), new Error('a mistake')];
  const { client } = await pair(t, ({ length }) => {
    throw errors[length];
  });
  await assert.rejects(client.call('video', { length: 0 }), { name: 'TooLarge' });
  await assert.rejects(client.call('video', { length: 1 }), { name: 'Overloaded', retryAfterMs: 250 });
  await assert.rejects(client.call('video', { length: 2 }), { name: 'ServerFailed' });
});

test('so many at once as there are slots; a resize changes that, and the limits refuse the rest', async (t) => {
  const { begun, handler, has } = gate();
  const { server, client } = await pair(t, handler, { slots: 2, limits: { maxWaiting: 1, maxBody: 100 } });
  const calls = [1, 2, 3].map((n) => client.call('video', { body: `${n}` }));
  await has(2);
  await assert.rejects(client.call('video'), { name: 'Overloaded' });
  await assert.rejects(client.call('video', { body: Buffer.alloc(101) }), { name: 'TooLarge' });
  assert.equal(begun.length, 2);
  const proxy = await speaker(t, server);
  proxy.say({ kind: Kind.resize, id: 9n, length: 3 });
  assert.deepEqual((await proxy.hear()).header.detail, Status.ok);
  await has(3);
  assert.equal(server.slots, 3);
  for (const { work, resolve } of begun) resolve(work.body);
  assert.deepEqual((await Promise.all(calls)).map(({ body }) => body.toString()), ['1', '2', '3']);
});

test('a cancel takes back what waits, and tells the handler of what has begun', async (t) => {
  const { begun, handler, has } = gate();
  const { server } = await pair(t, handler, { slots: 1 });
  const proxy = await speaker(t, server);
  for (const id of [1n, 2n]) proxy.say(request(id));
  await has(1);
  for (const id of [2n, 1n]) proxy.say({ kind: Kind.cancel, id });
  for (const id of [2n, 1n]) {
    const { header } = await proxy.hear();
    assert.deepEqual([header.id, header.detail], [id, Status.cancelled]);
  }
  assert.equal(begun.length, 1);
  assert.equal(begun[0].work.signal.aborted, true);
});

test('a deadline that has passed before its turn is told, and not worked on', async (t) => {
  const { begun, handler, has } = gate();
  const { server } = await pair(t, handler, { slots: 1 });
  const proxy = await speaker(t, server);
  proxy.say(request(1n));
  proxy.say(request(2n, { detail: 1 }));
  await has(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  begun[0].resolve('');
  assert.equal((await proxy.hear()).header.detail, Status.ok);
  assert.equal((await proxy.hear()).header.detail, Status.deadline_exceeded);
  assert.equal(begun.length, 1);
});

test('who drains says goaway, refuses what is new, and answers what is open', async (t) => {
  const { begun, handler, has } = gate();
  const { server } = await pair(t, handler);
  const proxy = await speaker(t, server);
  proxy.say(request(1n));
  await has(1);
  const drained = server.drain();
  assert.equal((await proxy.hear()).header.kind, Kind.goaway);
  proxy.say(request(2n));
  assert.equal((await proxy.hear()).header.detail, Status.draining);
  begun[0].resolve('done');
  assert.equal((await proxy.hear()).body.toString(), 'done');
  await drained;
  assert.equal(await proxy.hear(), undefined);
});

test('a Unix socket is made for its group, replaces what was left, and is gone at the end', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'finishline-node.'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'worker.sock');
  const killed = new Program(process.execPath, WORKER, `unix:${file}`);
  await killed.says(/listening/);
  await killed.end('SIGKILL');
  assert.ok(existsSync(file));
  const server = new Server(`unix:${file}`).handles('video', ({ body }) => body);
  assert.equal(await server.start(), `unix:${file}`);
  assert.equal(statSync(file).mode & 0o777, 0o660);
  const client = new Client(`unix:${file}`);
  assert.equal((await client.call('video', { body: 'x' })).body.toString(), 'x');
  await client.close();
  await server.stop();
  assert.ok(!existsSync(file));
});

test('what makes no sense is told where it is written', () => {
  assert.throws(() => new Server('nowhere'), RangeError);
  assert.throws(() => new Server('127.0.0.1:0', { slots: 0 }), RangeError);
  const server = new Server('127.0.0.1:0').handles('video', () => {});
  assert.throws(() => server.handles('video', () => {}), /has a handler already/);
  assert.throws(() => server.handles('vidoe', () => {}), /unknown request type/);
  assert.throws(() => server.handles([], () => {}), RangeError);
  assert.throws(() => server.handles('music'), TypeError);
});

test('the rules of the protocol are kept', async (t) => {
  const running = await worker(t);
  const client = new Program('finishline-client', running.address, '--conformance', '--stops', running.process.pid);
  await client.says(/ 0 broken, /);
  assert.equal(await client.ended, 0);
  assert.equal(await running.ended, 0);
});

test('behind a proxy a server that ends costs nobody a request', async (t) => {
  const workers = [await worker(t), await worker(t)];
  const running = await proxy(t, workers);
  const client = new Client(running.address, { timeoutMs: 20_000 });
  t.after(() => client.close());
  const calls = Array.from({ length: 300 }, (_, n) => ({ type: 'video', length: 2, body: `${n}` }));
  const done = client.callMany(calls);
  await client.call('video');
  workers[0].process.kill('SIGTERM');
  assert.deepEqual((await done).map(({ body }) => body.toString()), calls.map(({ body }) => body));
  assert.equal(await workers[0].ended, 0);
});
