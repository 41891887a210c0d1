// Policies side by side: all rows are played, and which one is in force.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './modules.mjs';

const { foot_of, rows_of } = await load('shadows.js');
const { snapshot_of } = await load('snapshot.js');

const pool_of = (more) =>
  snapshot_of({
    pools: [{
      name: 'media', policy: 'makespan', file: 'regret', policies: ['makespan', 'regret'], makespan_as: 'makespan',
      ratio: { window: 1.3, window_s: 60 }, latency: { p50: 0.1, p95: 0.2, p99: 0.3, count: 5 },
      shadows: [['makespan', 1.02], ['makespan-early', 1.08], ['regret', 1.1]].map(([policy, ratio]) => ({ policy, ratio })),
      ...more,
    }],
  }).pools[0];
const told = (pool) => rows_of(pool).map((row) => [row.policy, row.ratio, row.real, row.chooses]);

test('the policy in force is played like the others, not measured among them', () => {
  assert.deepEqual(told(pool_of()), [
    ['makespan', 1.02, true, 'makespan'],
    ['makespan-early', 1.08, false, undefined],
    ['regret', 1.1, false, 'regret'],
  ]);
  assert.deepEqual(rows_of(pool_of()).map((row) => row.in_file), [false, false, true]);
});

test('where makespan binds early, the row of early binding is in force, and late binding is no policy to switch to', () => {
  assert.deepEqual(told(pool_of({ makespan_as: 'makespan-early' })), [
    ['makespan', 1.02, false, undefined],
    ['makespan-early', 1.08, true, 'makespan'],
    ['regret', 1.1, false, 'regret'],
  ]);
});

test('what was measured is said beside the table, and that it is no row of it', () => {
  assert.match(foot_of(pool_of()), /All rows are played.*Measured of makespan.*1\.30 x.*no row to compare with/);
  assert.match(foot_of(pool_of({ shadows: [] })), /has not been played yet.*Measured/);
});
