// A client of a Finishline proxy, or of one server. What each call returns and throws stands in index.d.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { FinishlineError, TimedOut, failureOf } from './errors.js';
import { DEFAULT_MAX_BODY, Kind } from './frame.js';
import { SEED_TYPES, targetOf } from './names.js';
import { Request, replyOf } from './request.js';
import { DEFAULT_RETRY, pauseAfterMs } from './retry.js';
import { Wires } from './wires.js';

export class Client {
  #options;
  #wires;

  constructor(address, options = {}) {
    this.#options = {
      types: options.types ?? SEED_TYPES,
      timeoutMs: options.timeoutMs ?? 60_000,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      retry: { ...DEFAULT_RETRY, ...options.retry },
      maxBody: options.maxBody ?? DEFAULT_MAX_BODY,
    };
    this.#wires = new Wires(targetOf(address), this.#options);
  }

  async call(type, call = {}) {
    return this.#run(new Request(type, call, this.#options, performance.now()), call.signal);
  }

  async callMany(calls, { window = 64, returnErrors = false, signal } = {}) {
    const listed = [...calls];
    for (const call of listed) new Request(call.type, call, this.#options, 0); // all or none make sense
    const results = new Array(listed.length);
    let next = 0;
    const takeTurns = async () => {
      while (next < listed.length) {
        const place = next++;
        try {
          results[place] = await this.call(listed[place].type, { signal, ...listed[place] });
        } catch (error) {
          if (!(error instanceof FinishlineError)) throw error;
          results[place] = error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, Math.min(window, listed.length)) }, takeTurns));
    const failed = results.find((result) => result instanceof FinishlineError);
    if (failed !== undefined && !returnErrors) throw failed;
    return results;
  }

  async ping() {
    const started = performance.now();
    await this.#ask(Kind.ping, 'ping');
    return performance.now() - started;
  }

  async describe() {
    const { header, body } = await this.#ask(Kind.describe, 'describe');
    if (header.detail !== 0) throw failureOf(replyOf(header, body, 1));
    return JSON.parse(body.toString('utf8'));
  }

  async close() {
    await this.#wires.close();
  }

  async #run(request, signal) {
    const timing = new AbortController();
    const stop = () => timing.abort(signal.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', stop, { once: true });
    const left = request.limit - performance.now();
    const timer = left < 2 ** 31 ? setTimeout(() => timing.abort(request.outOfTime(this.#wires.why)), left) : undefined;
    try {
      return await this.#attempt(request, timing.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  async #attempt(request, signal) {
    for (;;) {
      const wire = await unlessAborted(this.#wires.take(), signal);
      const header = request.nextHeader(performance.now());
      let pause;
      try {
        return request.outcomeOf(await this.#exchange(wire, header, request.body, signal));
      } catch (error) {
        signal.throwIfAborted();
        pause = pauseAfterMs(this.#options.retry, error, request.attempts, request.retryable);
        if (pause === undefined || performance.now() + pause >= request.limit) throw error;
      }
      await unlessAborted(sleep(pause, undefined, { signal }), signal);
    }
  }

  async #exchange(wire, header, body, signal) {
    const { answer, forget, cancel } = wire.ask(header, body);
    try {
      return await unlessAborted(answer, signal);
    } catch (error) {
      cancel();
      throw error;
    } finally {
      forget();
    }
  }

  async #ask(kind, name) {
    const timing = new AbortController();
    const { timeoutMs } = this.#options;
    const late = () => timing.abort(new TimedOut(`no answer to a ${name} within ${timeoutMs} ms`));
    const timer = timeoutMs < 2 ** 31 ? setTimeout(late, timeoutMs) : undefined;
    try {
      const wire = await unlessAborted(this.#wires.take(), timing.signal);
      return await this.#exchange(wire, { kind }, Buffer.alloc(0), timing.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

// unlessAborted: what the promise becomes, or the signal's reason if that is faster.
function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const done = (settle) => (value) => {
      signal.removeEventListener('abort', stop);
      settle(value);
    };
    promise.then(done(resolve), done(reject));
  });
}
