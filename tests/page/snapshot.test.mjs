// A snapshot in whatever state it comes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './modules.mjs';

const { snapshot_of } = await load('snapshot.js');

test('what is there stays', () => {
  const live = snapshot_of({ time: 5, sentence: 'well', servers: [{ name: 'a', state: 'up', work: [{ type: 'video', s: 0.1 }] }] });
  assert.deepEqual([live.time, live.sentence, live.servers[0].work], [5, 'well', [{ type: 'video', s: 0.1 }]]);
});

test('what is missing is null or empty, at every depth', () => {
  const live = snapshot_of({ pools: [{ name: 'p' }], servers: [{ name: 'a' }] });
  assert.deepEqual([live.latency.total.p50, live.alerts, live.pools[0].ratio.window], [null, [], null]);
  assert.deepEqual([live.servers[0].work, live.servers[0].state], [[], 'unknown']);
});

test('what is of another kind is as good as missing', () => {
  const odd = [null, undefined, {}, [], 'x', -1, true, [null, 1, 'x', {}, { name: 7 }]];
  for (const value of odd) {
    const live = snapshot_of({ servers: value, pools: value, sentence: [], requests: value, uptime_s: 'x' });
    assert.deepEqual([live.servers, live.pools, live.sentence, live.uptime_s], [[], [], null, null]);
    assert.equal(live.requests.rate, null);
    assert.deepEqual(snapshot_of(value).types, []);
  }
});

test('what each server has shown of its costs comes through', () => {
  const cost = { server_type: 'video', type: 'video', learned_s: 0.002, learned_least_s: 0.001, learned_most_s: 0.003,
    servers: [{ name: 'v1', learned_s: 0.003 }] };
  const told = snapshot_of({ pools: [{ name: 'media', costs: [cost] }] }).pools[0].costs[0];
  assert.equal(told.learned_most_s, 0.003);
  assert.equal(told.servers[0].learned_s, 0.003);
});
