// The bytes of frames, as PROTOCOL.md shows them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ANSWERS, Decoder, KNOWN_FLAGS, Kind, REQUESTS, decodeHeader, encode } from '../lib/frame.js';

// The hexadecimal blocks of the manual's worked example: the request, the server's reply, the proxy's.
const manual = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');
const section = manual.split('### Worked example')[1].split('\n### ')[0];
const [request, fromServer, fromProxy] = [...section.matchAll(/```text\n(.*?)```/gs)].map(([, block]) =>
  Buffer.from(block.replace(/^[0-9a-f]+ {3}/gm, '').replace(/\s/g, ''), 'hex'));

test('a request is what the manual shows', () => {
  const header = { kind: Kind.request, type: 0x56, flags: 1, id: 7n, length: 5, detail: 2000 };
  assert.deepEqual(encode(header, Buffer.from('cat')), request);
});

test('so are replies', () => {
  const [frame] = new Decoder(ANSWERS).feed(fromServer);
  assert.equal(frame.header.id, 0x100000002n);
  assert.equal(frame.header.origin, 12000);
  const [reply] = new Decoder(ANSWERS).feed(fromProxy);
  assert.equal(reply.header.serviceUs, 5003);
  assert.equal(reply.header.origin, 1);
  assert.equal(reply.body.toString(), 'cat');
});

test('frames may come in pieces of any size', () => {
  const stream = Buffer.concat([request, request, request]);
  for (let size = 1; size <= stream.length; size += 1) {
    const decoder = new Decoder(REQUESTS);
    const bodies = [];
    for (let at = 0; at < stream.length; at += size) {
      for (const frame of decoder.feed(stream.subarray(at, at + size))) bodies.push(frame.body.toString());
    }
    assert.deepEqual(bodies, ['cat', 'cat', 'cat'], `pieces of ${size}`);
    assert.equal(decoder.midFrame, false);
  }
});

test('a cut frame is noticed', () => {
  const decoder = new Decoder(REQUESTS);
  assert.deepEqual([...decoder.feed(request.subarray(0, 34))], []);
  assert.equal(decoder.midFrame, true);
});

test('what makes no sense is refused', () => {
  for (const [place, value] of [[4, 2], [5, 0], [5, 2], [5, 200], [7, 0x80]]) {
    const bad = Buffer.from(request);
    bad[place] = value;
    assert.throws(() => [...new Decoder(REQUESTS).feed(bad)], { name: 'ProtocolError' });
  }
});

test('every known flag is taken and every other one refused', () => {
  for (let bit = 1; bit < 256; bit <<= 1) {
    const read = () => [...new Decoder(REQUESTS).feed(encode({ kind: Kind.request, flags: bit }))].length;
    if (bit & KNOWN_FLAGS) assert.equal(read(), 1);
    else assert.throws(read, /unknown flags/);
  }
});

test('a pong may have a body, and 64 KiB go through', () => {
  const body = Buffer.alloc(65536, 'finishline');
  const [pong] = new Decoder(ANSWERS).feed(encode({ kind: Kind.pong, id: 3n }, body));
  assert.deepEqual(pong.body, body);
});

test('a body over the limit is refused', () => {
  const decoder = new Decoder(ANSWERS, 10);
  assert.throws(() => [...decoder.feed(encode({ kind: Kind.reply }, Buffer.alloc(11)))], /over maxBody/);
});

test('decoding undoes encoding', () => {
  const header = { bodyBytes: 0, version: 1, kind: 2, type: 0x6d, flags: 1, id: 2n ** 64n - 1n, length: 2 ** 32 - 1,
    detail: 10, serviceUs: 2 ** 32 - 1, origin: 2 ** 32 - 1 };
  assert.deepEqual(decodeHeader(encode(header)), header);
  assert.throws(() => encode({ ...header, length: 2 ** 32 }), RangeError);
});
