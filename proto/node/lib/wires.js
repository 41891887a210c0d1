// The connection in use, made anew when it is gone; those that have said goaway end by themselves.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientClosed, ConnectFailed } from './errors.js';
import { backoffMs } from './retry.js';
import { Wire } from './wire.js';

export class Wires {
  why = ''; // what the last attempt to connect came to; '' once there has been a connection
  #target;
  #options;
  #wires = [];
  #connecting;
  #closing = new AbortController();

  constructor(target, options) {
    this.#target = target;
    this.#options = options;
  }

  // take: a connection that takes requests. Throws ConnectFailed, ClientClosed.
  async take() {
    for (;;) {
      if (this.#closing.signal.aborted) throw new ClientClosed('this client has been closed');
      const wire = this.#current() ?? (await this.#connected());
      await wire.writable();
      if (wire.takesRequests) return wire;
    }
  }

  async close() {
    this.#closing.abort();
    const reason = new ClientClosed('the client was closed with the request open; it may have been done');
    await Promise.all(this.#wires.map((wire) => wire.leave(reason)));
  }

  #current() {
    this.#wires = this.#wires.filter((wire) => !wire.ended);
    return this.#wires.find((wire) => wire.takesRequests);
  }

  // All who want a connection wait for the same one.
  #connected() {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect() {
    const until = performance.now() + this.#options.connectTimeoutMs;
    for (let failures = 1; ; failures += 1) {
      try {
        const left = Math.max(1, until - performance.now());
        const wire = await Wire.connect(this.#target, this.#options.maxBody, left, this.#closing.signal);
        this.why = '';
        this.#wires.push(wire);
        if (this.#closing.signal.aborted) this.close();
        return wire;
      } catch (error) {
        this.why = error.message;
        const pause = backoffMs(this.#options.retry, failures);
        if (!(error instanceof ConnectFailed) || performance.now() + pause >= until) throw error;
        await sleep(pause);
      }
      if (this.#closing.signal.aborted) throw new ClientClosed('the client was closed before the request was sent');
    }
  }
}
