// What is said of a forecast beside the naive one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './modules.mjs';

const { verdict } = await load('forecast_result.js');

const result = (chosen_mae, naive_mae, origins = 40) => ({
  step_s: 60,
  history: Array.from({ length: 90 }, (_, at) => ({ time: 60 * at, value: 1 })),
  naive: { method: 'naive-day', mae: naive_mae, values: [] },
  backtest: { chosen: 'combination', origins, methods: [{ name: 'combination', mae: chosen_mae }, { name: 'naive-day', mae: naive_mae }] },
});

test('both errors stand side by side, with how much better it was', () => {
  assert.equal(verdict(result(3, 5)), 'On the past, tried at 40 moments, combination was off by 3.00 on the average, naive-day by 5.00: 40 % better.');
});

test('a forecast that did worse than the naive one says so', () => {
  assert.match(verdict(result(6, 5)), /20 % worse/);
});

test('a past too short for a test is told, with its length', () => {
  assert.match(verdict(result(null, null, 0)), /^Too little past .* 1 h 30 min are known/);
  assert.match(verdict({}), /^Too little past/);
});
