// How wide the flows of the topology are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './modules.mjs';

const { topology_of } = await load('topology_layout.js');
const { snapshot_of } = await load('snapshot.js');

const drawn = (listeners) => topology_of(snapshot_of({
  listeners,
  pools: [{ name: 'media', rate: 90 }],
  servers: [{ name: 'a', pool: 'media', type: 'video', state: 'up', rate: 60 }, { name: 'b', pool: 'media', type: 'video', state: 'up', rate: 30 }],
}), 900);
const rate_of = (picture, from) => picture.flows.find((f) => f.from.name === from).rate;

test('a flow is as wide as what its listener brings, also where several share a pool', () => {
  const picture = drawn([{ name: 'x', mode: 'frame', pool: 'media', open: 1, requests_rate: 70 },
    { name: 'y', mode: 'mini', pool: 'media', open: 64, requests_rate: 20 }, { name: 'z', mode: 'http', pool: 'media', open: 9, requests_rate: 0 }]);
  assert.equal(rate_of(picture, 'x'), 70);
  assert.equal(rate_of(picture, 'y'), 20);
  assert.equal(rate_of(picture, 'z'), 0);
  const [x, y] = picture.flows.map((f) => f.width);
  assert.ok(Math.abs(x / y - 3.5) < 0.01);
  const to_servers = picture.flows.filter((f) => f.from.name === 'media').reduce((sum, f) => sum + f.width, 0);
  assert.ok(Math.abs(x + y - to_servers) < 0.01);
});

test('a listener of streams brings the connections that it lets in', () => {
  const picture = drawn([{ name: 'x', mode: 'stream', pool: 'media', open: 1, rate: 12, refused_rate: 2 }]);
  assert.equal(rate_of(picture, 'x'), 10);
});

test('one that is not counted is drawn idle, and said not to be counted', () => {
  const picture = drawn([{ name: 'x', mode: 'frame', pool: 'media', open: null, requests_rate: null }]);
  assert.equal(rate_of(picture, 'x'), 0);
  assert.equal(picture.flows.find((f) => f.from.name === 'x').counted, false);
});

test('a listener that goes by names leads to each of its pools, with the rate of those that nobody else leads to', () => {
  const picture = topology_of(snapshot_of({
    listeners: [{ name: 'web', mode: 'stream', pool: 'a', pools: ['a', 'b', 'c'], open: 1, rate: 12 },
      { name: 'more', mode: 'stream', pool: 'c', pools: ['c'], open: 1, rate: 3 }],
    pools: [{ name: 'a', rate: 5 }, { name: 'b', rate: 6 }, { name: 'c', rate: 4 }],
  }), 900);
  const flows = picture.flows.map((f) => [f.from.name, f.to.name, f.rate, f.counted]);
  assert.deepEqual(flows, [['web', 'a', 5, true], ['web', 'b', 6, true], ['web', 'c', 0, false], ['more', 'c', 3, true]]);
});
