// The rows of the finish-line picture.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './modules.mjs';

const { axis_end, last_finish, new_axis, pieces_of, rows_of, steady_end } = await load('finish_layout.js');
const { place_of_words } = await load('finish_paint.js');
const { snapshot_of } = await load('snapshot.js');

const work = (...seconds) => seconds.map((s) => ({ type: 'video', s }));
const ends = (pieces) => pieces.map((p) => [p.lane, +p.from.toFixed(6), +p.to.toFixed(6)]);

const proxy = (count, binding = 'late') =>
  snapshot_of({
    pools: [{ name: 'media', binding, costs: [{ server_type: 'video', type: 'video' }] }],
    servers: Array.from({ length: count }, (_, n) => ({ name: `s${n}`, pool: 'media', type: 'video', finish_s: n / 1000 })),
    waiting: [{ pool: 'media', type: 'video', count: 3, work_s: 0.4 }],
  });

const kinds = (live, options = {}) => rows_of(live, { open: new Set(), ...options }).rows.map((row) => row.kind);

test('pieces of one slot follow each other and end at the finish', () => {
  const { pieces } = pieces_of({ slots: 1, finish_s: 0.3, work: work(0.1, 0.2) });
  assert.deepEqual(ends(pieces), [[0, 0, 0.1], [0, 0.1, 0.3]]);
  assert.deepEqual(pieces.map((p) => p.running), [true, false]);
});

test('with several slots each piece goes where it can begin first', () => {
  const { lanes, pieces } = pieces_of({ slots: 2, finish_s: 0.4, work: work(0.3, 0.1, 0.3) });
  assert.equal(lanes, 2);
  assert.deepEqual(ends(pieces), [[0, 0, 0.3], [1, 0, 0.1], [1, 0.1, 0.4]]);
});

test('no bar goes beyond the finish that the proxy tells', () => {
  const { pieces } = pieces_of({ slots: 2, finish_s: 0.2, work: work(0.3, 0.1) });
  assert.equal(Math.max(...pieces.map((p) => p.to)), 0.2);
});

test('work that is not told in pieces is shown as a sum', () => {
  assert.deepEqual(ends(pieces_of({ finish_s: 0.2, work: [] }).pieces), [[0, 0, 0.2]]);
  assert.deepEqual(ends(pieces_of({ slots: 1, finish_s: 0.5, work: work(0.2) }).pieces), [[0, 0, 0.2], [-1, 0.2, 0.5]]);
  assert.deepEqual(pieces_of({ finish_s: null, work: [] }).pieces, []);
});

test('what waits in the proxy stands above the servers of a pool that binds late, and of no other', () => {
  assert.deepEqual(kinds(proxy(2)), ['head', 'queue', 'server', 'server']);
  assert.deepEqual(kinds(proxy(2, 'early')), ['head', 'server', 'server']);
});

test('many servers fold into a group, which opens as far as there is room', () => {
  assert.deepEqual(kinds(proxy(3000, 'early')), ['head', 'fold']);
  const opened = kinds(proxy(3000, 'early'), { open: new Set(['media/video']) });
  assert.deepEqual([opened.length, opened.at(-1)], [153, 'more']);
});

test('the last finish is the largest, and the axis has room for it', () => {
  assert.equal(last_finish(proxy(10).servers), 0.009);
  for (const seconds of [1e-6, 0.009, 0.0999, 0.135, 1, 9.9, 86400]) assert.ok(axis_end(seconds) >= seconds * 1.02);
  assert.ok(axis_end(0) > 0);
});

test('the axis follows what is there: at once when it grows, later when it shrinks, and not for a moment without work', () => {
  const axis = new_axis();
  let tick = 0;
  const see = (last) => steady_end(axis, last, ++tick);
  assert.equal(see(0), 0.1); // nothing was seen yet
  assert.equal(see(0.009), 0.01);
  for (let n = 0; n < 20; n++) assert.equal(see(n % 2 ? 0 : 0.009), 0.01); // flickers, as short work does
  assert.equal(see(0.15), 0.2);
  for (let n = 0; n < 6; n++) assert.equal(see(0.009), 0.2);
  assert.equal(see(0.009), 0.01);
  for (let n = 0; n < 20; n++) assert.equal(see(n % 2 ? 0.0075 : 0.009), 0.01); // no jump for little
});

test('words about what waits keep off the line where all is done', () => {
  const scale = { left: 172, width: 800, end: 1 }; // the line of half a second is at 524
  const place = (x, last = 0.5) => place_of_words(scale, x, 100, last);
  assert.equal(place(300), 300); // before it
  assert.equal(place(420), 540); // they would touch it
  assert.equal(place(520), 540); // they would begin in it
  assert.equal(place(600), 600); // behind it
  assert.equal(place(520, 0), 520); // there is none
  assert.equal(place(800, 1), 800); // no room behind it: over it
});
