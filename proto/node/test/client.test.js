// The client before other sides that do as a test says.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as finishline from '../index.js';
import { Decoder, Kind, REQUESTS, encode } from '../lib/frame.js';
import { backoffMs, pauseAfterMs } from '../lib/retry.js';
import { reply, scripted, serve } from './peers.js';

const QUICK = { firstPauseMs: 10, longestPauseMs: 50 };

function clientOf(t, address, options = {}) {
  const client = new finishline.Client(address, { timeoutMs: 10_000, retry: QUICK, ...options });
  t.after(() => client.close());
  return client;
}

const hangUp = (peer) => peer.read(); // reads one request and closes

test('a call is the frame that the manual shows', async (t) => {
  let seen;
  const address = await scripted(t, async (peer) => {
    seen = await peer.read();
    peer.write(reply(seen.header, Buffer.from('meow'), { serviceUs: 5003, origin: 1 }));
    await peer.read();
  });
  const call = { length: 5, body: 'cat', deadlineMs: 2000, retryable: true, priority: 2 };
  const answer = await clientOf(t, address).call('video', call);
  assert.deepEqual([seen.header.type, seen.header.flags, seen.header.length], [0x56, 0x05, 5]);
  assert.equal(seen.body.toString(), 'cat');
  assert.ok(seen.header.detail >= 1 && seen.header.detail <= 2000);
  assert.deepEqual(answer, { status: 0, body: Buffer.from('meow'), serviceMs: 5.003, origin: 1, attempts: 1 });
});

test('every status is an error of its own', async (t) => {
  const kinds = ['BadFrameReply', 'UnknownType', 'TooLarge', 'NoServer', 'ServerLost', 'DeadlineExceeded', 'Overloaded',
    'Draining', 'ServerFailed', 'Cancelled', 'RequestFailed']; // 11 is a number that nobody knows
  const address = await scripted(t, async (peer) => {
    for (let status = 1; status <= kinds.length; status += 1) {
      peer.write(reply((await peer.read()).header, undefined, { detail: status }));
    }
    await peer.read();
  });
  const client = clientOf(t, address, { retry: { attempts: 1 } });
  for (const [place, name] of kinds.entries()) {
    await assert.rejects(client.call('V'), { name, status: place + 1 });
  }
});

test('replies may come in any order', async (t) => {
  const address = await scripted(t, async (peer) => {
    const asked = [];
    for (let n = 0; n < 50; n += 1) asked.push(await peer.read());
    for (const { header, body } of asked.reverse()) peer.write(reply(header, body));
    await peer.read();
  });
  const bodies = Array.from({ length: 50 }, (_, n) => `${n}`);
  const replies = await clientOf(t, address).callMany(bodies.map((body) => ({ type: 'V', body })));
  assert.deepEqual(replies.map(({ body }) => body.toString()), bodies);
});

test('no more is open than the window says', async (t) => {
  let open = 0;
  let most = 0;
  const address = await scripted(t, async (peer) => {
    for (let frame = await peer.read(); frame !== undefined; frame = await peer.read()) {
      const { header, body } = frame;
      most = Math.max(most, ++open);
      setTimeout(() => {
        open -= 1;
        peer.write(reply(header, body));
      }, 5);
    }
  });
  await clientOf(t, address).callMany(Array.from({ length: 30 }, () => ({ type: 'V' })), { window: 5 });
  assert.equal(most, 5);
});

test('a lost request that may be done twice is sent again, another is told', async (t) => {
  const again = clientOf(t, await scripted(t, hangUp, hangUp, serve));
  const answer = await again.call('V', { body: 'x', retryable: true });
  assert.deepEqual([answer.body.toString(), answer.attempts], ['x', 3]);
  await assert.rejects(clientOf(t, await scripted(t, hangUp, serve)).call('V'), { name: 'ConnectionLost' });
});

test('half a frame is a lost reply', async (t) => {
  const half = async (peer) => peer.write(reply((await peer.read()).header, Buffer.alloc(100)).subarray(0, 60));
  const client = clientOf(t, await scripted(t, half, serve));
  assert.equal((await client.call('V', { body: 'y', retryable: true })).body.toString(), 'y');
});

test('goaway moves new requests and leaves open ones', async (t) => {
  let arrived;
  const moved = new Promise((resolve) => {
    arrived = resolve;
  });
  let more;
  const leaving = async (peer) => {
    const { header } = await peer.read();
    peer.write(encode({ kind: Kind.goaway }));
    await moved;
    peer.write(reply(header, Buffer.from('old')));
    more = await peer.read();
  };
  const fresh = async (peer) => {
    const { header } = await peer.read();
    arrived();
    peer.write(reply(header, Buffer.from('new')));
    await peer.serve();
  };
  const client = clientOf(t, await scripted(t, leaving, fresh));
  const first = client.call('V');
  await sleep(100);
  assert.equal((await client.call('V')).body.toString(), 'new');
  assert.equal((await first).body.toString(), 'old');
  assert.equal((await client.call('V', { body: 'z' })).body.toString(), 'z');
  assert.equal(more, undefined);
});

test('a request that crosses the goaway is sent again', async (t) => {
  const leaving = async (peer) => {
    const { header } = await peer.read();
    peer.write(Buffer.concat([encode({ kind: Kind.goaway }), reply(header, undefined, { detail: 8 })]));
    await peer.read();
  };
  const answer = await clientOf(t, await scripted(t, leaving, serve)).call('V', { body: 'x' });
  assert.deepEqual([answer.body.toString(), answer.attempts], ['x', 2]);
});

test('the overloaded are asked again when they said', async (t) => {
  const times = [];
  const address = await scripted(t, async (peer) => {
    for (const detail of [7, 0]) {
      const { header } = await peer.read();
      times.push(performance.now());
      peer.write(reply(header, undefined, { detail, serviceUs: detail * 30_000 }));
    }
    await peer.read();
  });
  assert.equal((await clientOf(t, address).call('V')).attempts, 2);
  assert.ok(times[1] - times[0] >= 209, `${times[1] - times[0]} ms`);
});

test('an answer that nobody waits for is dropped', async (t) => {
  const address = await scripted(t, async (peer) => {
    const { header, body } = await peer.read();
    peer.write(reply({ ...header, id: header.id + 1000n }, Buffer.from('not yours')));
    peer.write(encode({ kind: Kind.pong, id: header.id }));
    peer.write(reply(header, body));
    await peer.read();
  });
  assert.equal((await clientOf(t, address).call('V', { body: 'mine' })).body.toString(), 'mine');
});

test('nonsense ends the connection and is told', async (t) => {
  const nonsense = async (peer) => {
    await peer.read();
    peer.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    assert.equal(await peer.read(), undefined);
  };
  const client = clientOf(t, await scripted(t, nonsense, serve));
  await assert.rejects(client.call('V', { retryable: true }), { name: 'ProtocolError', message: /version/ });
  assert.equal((await client.call('V', { body: 'x' })).body.toString(), 'x');
});

test('no answer is a timeout and the client goes on', async (t) => {
  const address = await scripted(t, async (peer) => {
    const late = await peer.read();
    await peer.read(); // asks whether it understands cancel
    const { header, body } = await peer.read();
    peer.write(Buffer.concat([reply(late.header, Buffer.from('late')), reply(header, body)]));
    await peer.read();
  });
  const client = clientOf(t, address, { timeoutMs: 150 });
  await assert.rejects(client.call('V'), { name: 'TimedOut', message: /150 ms/ });
  assert.equal((await client.call('V', { body: 'next' })).body.toString(), 'next');
});

test('a deadline that nobody keeps is told by the client', async (t) => {
  const client = clientOf(t, await scripted(t, (peer) => peer.read().then(() => peer.read())));
  await assert.rejects(client.call('V', { deadlineMs: 50 }), { name: 'DeadlineExceeded', status: 6 });
});

test('an aborted call is forgotten and the others go on', async (t) => {
  const address = await scripted(t, async (peer) => {
    const first = await peer.read();
    await peer.read(); // asks whether it understands cancel
    const { header, body } = await peer.read();
    peer.write(Buffer.concat([reply(first.header, Buffer.from('late')), reply(header, body)]));
    await peer.read();
  });
  const client = clientOf(t, address);
  const abort = new AbortController();
  const first = client.call('V', { signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  await assert.rejects(first, { name: 'AbortError' });
  assert.equal((await client.call('V', { body: 'second' })).body.toString(), 'second');
});

// cancelledAt: kinds and ids that a server hears of two calls that are aborted, which answers a ping with `pong`, and
// of one that is not.
async function cancelledAt(t, pong) {
  const heard = [];
  const script = async (peer) => {
    for (let frame = await peer.read(); frame !== undefined; frame = await peer.read()) {
      const { header, body } = frame;
      heard.push([header.kind, Number(header.id)]);
      if (header.kind === Kind.ping) peer.write(encode({ kind: Kind.pong, id: header.id }, Buffer.from(pong)));
      if (body.toString() === 'last') peer.write(reply(header, body));
    }
  };
  const client = clientOf(t, await scripted(t, script));
  for (let n = 0; n < 2; n += 1) {
    const abort = new AbortController();
    const call = client.call('V', { signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await assert.rejects(call, { name: 'AbortError' });
    await sleep(50);
  }
  await client.call('V', { body: 'last' });
  return heard;
}

test('who understands cancel hears of it', async (t) => {
  assert.deepEqual(await cancelledAt(t, '{"cancel": true}'), [[Kind.request, 1], [Kind.ping, 2], [Kind.cancel, 1],
    [Kind.request, 3], [Kind.cancel, 3], [Kind.request, 4]]);
});

test('who does not understand cancel hears nothing', async (t) => {
  for (const pong of ['', '{}', '{"cancel": 1}', 'null']) {
    assert.deepEqual(await cancelledAt(t, pong), [[Kind.request, 1], [Kind.ping, 2], [Kind.request, 3],
      [Kind.request, 4]]);
  }
});

test('nobody there is told after the patience that was asked for', async (t) => {
  const client = clientOf(t, '127.0.0.1:1', { connectTimeoutMs: 150 });
  const results = await client.callMany(Array.from({ length: 50 }, () => ({ type: 'V' })), { returnErrors: true });
  assert.deepEqual([...new Set(results.map(({ name }) => name))], ['ConnectFailed']);
});

test('a deadline that passes with nobody there says that nothing was sent', async (t) => {
  const client = clientOf(t, '127.0.0.1:1');
  await assert.rejects(client.call('V', { deadlineMs: 1 }), { name: 'ConnectFailed', message: /REFUSED/ });
});

test('an idle connection that ended is noticed before the next request', async (t) => {
  const once = async (peer) => {
    const { header, body } = await peer.read();
    peer.write(reply(header, body));
  };
  const client = clientOf(t, await scripted(t, once, serve));
  await client.call('V');
  await sleep(100);
  assert.equal((await client.call('V')).attempts, 1);
});

test('errors stand in their places', async (t) => {
  const address = await scripted(t, async (peer) => {
    for (let frame = await peer.read(); frame !== undefined; frame = await peer.read()) {
      peer.write(reply(frame.header, undefined, { detail: frame.body.length > 0 ? 9 : 0 }));
    }
  });
  const client = clientOf(t, address);
  const calls = Array.from({ length: 6 }, (_, n) => ({ type: 'V', body: n === 3 ? 'bad' : '' }));
  const results = await client.callMany(calls, { returnErrors: true });
  assert.deepEqual(results.map((result) => result instanceof finishline.ServerFailed), calls.map(({ body }) => body !== ''));
  await assert.rejects(client.callMany(calls), { name: 'ServerFailed' });
  assert.deepEqual(await client.callMany([]), []);
});

test('a ping has a body or none, a description is read or refused', async (t) => {
  const address = await scripted(t, async (peer) => {
    const answers = [[Kind.pong, {}, '{"news": 1}'], [Kind.description, {}, '{"pool": "media"}'],
      [Kind.description, { detail: 4 }, '']];
    for (const [kind, fields, body] of answers) {
      const { header } = await peer.read();
      peer.write(encode({ kind, id: header.id, ...fields }, Buffer.from(body)));
    }
    await peer.read();
  });
  const client = clientOf(t, address);
  assert.ok((await client.ping()) > 0);
  assert.deepEqual(await client.describe(), { pool: 'media' });
  await assert.rejects(client.describe(), { name: 'NoServer' });
});

test('closing ends what is open and what comes later', async (t) => {
  const client = clientOf(t, await scripted(t, (peer) => peer.read().then(() => peer.read())));
  const open = client.call('V');
  setTimeout(() => client.close(), 50);
  await assert.rejects(open, { name: 'ClientClosed' });
  await assert.rejects(client.call('V'), { name: 'ClientClosed' });
});

test('a call that makes no sense is refused before anything is sent', async () => {
  const client = new finishline.Client('127.0.0.1:1');
  for (const wrong of [{ length: -1 }, { length: 2 ** 32 }, { length: 1.5 }, { deadlineMs: 0 }, { priority: 4 }]) {
    await assert.rejects(client.call('V', wrong), RangeError);
  }
  await assert.rejects(client.call('V', { body: 7 }), TypeError);
  await assert.rejects(client.call('vidoe'), /known are video, picture, music/);
  await assert.rejects(client.callMany([{ type: 'V' }, { type: '?' }]), RangeError);
  for (const wrong of ['', '9000', ':9000', 'host:', 'host:99999', '::1:9000']) {
    assert.throws(() => new finishline.Client(wrong), /write HOST:PORT/);
  }
});

test('what is sent again, and after how long', () => {
  const retry = { attempts: 3, firstPauseMs: 100, longestPauseMs: 1000 };
  for (const error of [new finishline.ConnectionLost(), new finishline.ServerLost()]) {
    assert.equal(pauseAfterMs(retry, error, 1, false), undefined);
    assert.ok(pauseAfterMs(retry, error, 1, true) > 0);
    assert.equal(pauseAfterMs(retry, error, 3, true), undefined);
  }
  assert.ok(pauseAfterMs(retry, new finishline.Draining(), 1, false) > 0);
  assert.equal(pauseAfterMs(retry, new finishline.ServerFailed(), 1, true), undefined);
  const told = pauseAfterMs(retry, new finishline.Overloaded(undefined, { retryAfterMs: 200 }), 1, false);
  assert.ok(told >= 200 && told <= 300);
  for (const [failures, most] of [[1, 100], [2, 200], [4, 800], [5, 1000], [5000, 1000]]) {
    const pauses = Array.from({ length: 50 }, () => backoffMs(retry, failures));
    assert.ok(pauses.every((pause) => pause >= most / 2 && pause <= most));
    assert.ok(new Set(pauses).size > 25);
  }
});

test('a Unix socket is an address', async (t) => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'finishline-'));
  const at = path.join(folder, 'x.sock');
  const server = net.createServer((socket) => {
    const decoder = new Decoder(REQUESTS);
    socket.on('data', (data) => {
      for (const { header, body } of decoder.feed(data)) socket.write(reply(header, body));
    });
  });
  await new Promise((resolve) => server.listen(at, resolve));
  t.after(async () => {
    server.close();
    await fs.rm(folder, { recursive: true });
  });
  const client = clientOf(t, `unix:${at}`);
  assert.equal((await client.call('V', { body: 'cat' })).body.toString(), 'cat');
  for (const bad of ['unix:x.sock', 'unix:/run/', `unix:/${'x'.repeat(107)}`]) {
    assert.throws(() => new finishline.Client(bad), RangeError);
  }
});
