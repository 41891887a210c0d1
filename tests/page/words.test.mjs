// How figures are put into words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './modules.mjs';

const { age, duration, of_unit, percent, plural, rate, ratio, shortened } = await load('format.js');

test('a duration has the unit that fits it and three digits', () => {
  const said = [0, 5e-6, 0.0042, 0.0995, 0.135, 1.5, 75, 7200, 172800].map(duration);
  assert.deepEqual(said, ['0 s', '5.00 µs', '4.20 ms', '99.5 ms', '135 ms', '1.50 s', '1.25 min', '2.00 h', '2.00 d']);
});

test('an age has two units at most', () => {
  assert.deepEqual([5, 125, 7260, 90000].map(age), ['5 s', '2 min 5 s', '2 h 1 min', '1 d 1 h']);
});

test('what is not known is said in words, in any unit', () => {
  for (const unit of ['s', '1/s', 'share', 'x', 'bytes', '', 'unheard of'])
    for (const value of [null, undefined, NaN, Infinity, 'x', {}]) assert.equal(of_unit(unit)(value), 'no data');
  assert.equal(plural(null, 'server'), 'servers: no data');
});

test('shares, rates and ratios', () => {
  assert.deepEqual([0.004, 0, 1].map(percent), ['0.4 %', '0 %', '100 %']);
  assert.deepEqual([0, 2.1, 512.3, 25000].map(rate), ['0/s', '2.10/s', '512/s', '25.0 k/s']);
  assert.deepEqual([1, 1.034, 12].map(ratio), ['1.00 x', '1.03 x', '12.0 x']);
});

test('a name that is too long keeps its end, by which it differs', () => {
  assert.equal(shortened('video-1', 11), 'video-1');
  assert.equal(shortened('spare-video-4', 11), 'spar…ideo-4');
  assert.equal(shortened('abcdefgh', 1), 'a…gh');
});

test('what a drained server has left is told of its kind, and in number', async () => {
  const { left_of } = await load('actions.js');
  assert.equal(left_of({ streams_open: 3, in_flight: 0 }), 'The 3 streams it has go on until they end.');
  assert.equal(left_of({ streams_open: 0, in_flight: 0 }), 'It has nothing to finish.');
  assert.equal(left_of({ in_flight: 1, finish_s: 0.1 }), 'The 1 request it has (100 ms of work) is finished.');
});
