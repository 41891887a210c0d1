// The order and the filter of the table of servers, ranges of time, and gaps in a series.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './modules.mjs';

const { filtered, left_words, sorted, with_peers } = await load('server_columns.js');
const { range_of } = await load('range.js');
const { gaps_of, grouped } = await load('chart_marks.js');

const servers = [
  { name: 'video-10', pool: 'media', type: 'video', state: 'up', finish_s: 0.2 },
  { name: 'video-2', pool: 'media', type: 'video', state: 'down', finish_s: null },
  { name: 'redis-1', pool: 'cache', type: 'redis', state: 'slow_start', finish_s: 0.1 },
];
const names = (list) => list.map((s) => s.name).join(' ');

test('names sort as people count', () => {
  assert.equal(names(sorted(servers, 'name')), 'redis-1 video-2 video-10');
  assert.equal(names(sorted(servers, '-name')), 'video-10 video-2 redis-1');
});

test('what is not known comes last, upwards and downwards', () => {
  assert.equal(names(sorted(servers, 'finish')), 'redis-1 video-10 video-2');
  assert.equal(names(sorted(servers, '-finish')), 'video-10 redis-1 video-2');
});

test('every word of a filter must match, in its column or in any', () => {
  const found = (filter) => names(filtered(servers, filter));
  assert.equal(found('video'), 'video-10 video-2');
  assert.equal(found('video state:down'), 'video-2');
  assert.equal(found('state:slow_start'), 'redis-1');
  assert.equal(found('pool:media type:redis'), '');
  assert.equal(found('  '), names(servers));
});

test('a range is live unless the address says otherwise, and nonsense is live', () => {
  assert.equal(range_of({}).live, true);
  assert.equal(range_of({ range: '7d' }).span, 7 * 86400);
  assert.deepEqual([range_of({ from: '10', to: '20' }).from, range_of({ from: '10', to: '20' }).span], [10, 10]);
  for (const odd of [{ range: 'x' }, { from: '20', to: '10' }, { from: 'x', to: 'y' }]) assert.equal(range_of(odd).live, true);
});

test('a gap is where no column has a value', () => {
  const times = [0, 1, 2, 3, 4, 5];
  assert.deepEqual(gaps_of(times, [[1, null, null, 1, 1, 1], [1, 1, null, null, 1, 1]]), [[1, 3]]);
  assert.deepEqual(gaps_of(times, [[null, null, 1, 1, 1, 1]]), [[0, 2]]);
  assert.deepEqual(gaps_of(times, [[1, 1, 1, 1, 1, 1]]), []);
});

test('marks that would lie over each other are one', () => {
  const marks = [1, 2, 9, 30, 31].map((time) => ({ time }));
  assert.deepEqual(grouped(marks, (t) => t * 2, 17).map((g) => [g.x, g.marks.length]), [[2, 3], [60, 2]]);
});

test('a server that is slow beside its like is told by how much', () => {
  const of = (name, p50, type = 'video') => ({ name, pool: 'media', type, latency: { p50 } });
  const all = with_peers([of('a', 0.01), of('b', 0.012), of('c', 0.03), of('alone', 5, 'music'), of('new', null), of('d', 0.01)]);
  assert.deepEqual(all.map((s) => s.beside), [1, 1.2, 3, null, null, 1]);
});

test('a server that drains says what is left', () => {
  assert.equal(left_words({ admin: 'ready', in_flight: 3 }), '');
  assert.equal(left_words({ admin: 'drain', in_flight: 3, streams_open: 1 }), '4 left');
  assert.equal(left_words({ admin: 'drain', in_flight: 0 }), 'nothing left');
});
