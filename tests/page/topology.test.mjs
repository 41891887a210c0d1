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

test('the only listener of a pool brings all of its traffic', () => {
  const picture = drawn([{ name: 'x', pool: 'media', open: 3 }]);
  assert.equal(rate_of(picture, 'x'), 90);
  const widths = picture.flows.map((f) => f.width);
  assert.ok(Math.abs(widths[0] - widths[1] - widths[2]) < 0.01);
});

test('several listeners of a pool are drawn alike, however many idle connections one has, and said not to be counted', () => {
  const picture = drawn([{ name: 'x', pool: 'media', open: 1 }, { name: 'y', pool: 'media', open: 64 }, { name: 'z', pool: 'media', open: 0 }]);
  assert.equal(rate_of(picture, 'x'), 45);
  assert.equal(rate_of(picture, 'y'), 45);
  assert.equal(rate_of(picture, 'z'), 0);
  assert.equal(picture.flows.find((f) => f.from.name === 'y').counted, false);
  assert.equal(picture.flows.find((f) => f.from.name === 'media').counted, true);
});

test('the only listener with connections brings all', () => {
  const picture = drawn([{ name: 'x', pool: 'media', open: 1 }, { name: 'y', pool: 'media', open: 0 }]);
  assert.equal(rate_of(picture, 'x'), 90);
  assert.equal(picture.flows.find((f) => f.from.name === 'x').counted, true);
});

test('without a connection nothing flows', () => {
  const picture = drawn([{ name: 'x', pool: 'media', open: 0 }, { name: 'y', pool: 'media' }]);
  assert.equal(rate_of(picture, 'x'), 0);
  assert.equal(rate_of(picture, 'y'), 0);
});
