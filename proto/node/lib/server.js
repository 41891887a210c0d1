// A server that does typed work for a proxy. What each call returns and throws stands in index.d.ts.
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cancelled } from './errors.js';
import { DEFAULT_MAX_BODY, Kind } from './frame.js';
import { Intake } from './intake.js';
import { listenAt } from './listening.js';
import { SEED_TYPES, targetOf } from './names.js';
import { ServerConnection } from './server_connection.js';

// Requests that cross a goaway are refused as draining: it closes in the first pause of QUIET_MS, or after the longest.
const QUIET_MS = 200;
const LONGEST_GOODBYE_MS = 1000;
const DEFAULT_LIMITS = {
  maxBody: DEFAULT_MAX_BODY,
  maxWaiting: 1024,
  maxWaitingBytes: 64 << 20,
  maxConnections: 1024,
};

export class Server {
  address = '';
  #target;
  #limits;
  #intake;
  #listener;
  #connections = new Set();
  #workWent = () => {};
  #stopped = false;
  #drained;
  #lastFrame = 0;
  #end;
  #ended = new Promise((resolve) => {
    this.#end = resolve;
  });

  constructor(address, options = {}) {
    this.#target = targetOf(address);
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#intake = new Intake({
      slots: options.slots ?? 2,
      maxSlots: options.maxSlots,
      types: options.types ?? SEED_TYPES,
      limits: this.#limits,
      log: options.log ?? ((words, error) => console.error(`finishline: ${words}`, ...(error ? [error] : []))),
    });
    this.#listener = net.createServer({ allowHalfOpen: true }, (socket) => this.#welcome(socket));
  }

  get slots() {
    return this.#intake.slots;
  }

  handles(types, handler) {
    if (typeof handler !== 'function') throw new TypeError('a handler is a function of the request');
    this.#intake.register([types].flat(), handler);
    return this;
  }

  async start() {
    this.address = await listenAt(this.#listener, this.#target);
    return this.address;
  }

  async run() {
    let signals = 0;
    const onSignal = () => {
      signals += 1;
      if (signals === 1) this.drain();
      else this.stop();
    };
    for (const name of ['SIGTERM', 'SIGINT']) process.on(name, onSignal);
    try {
      await this.start();
      await this.#ended;
      return signals < 2;
    } finally {
      for (const name of ['SIGTERM', 'SIGINT']) process.off(name, onSignal);
    }
  }

  drain() {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async stop() {
    this.#stopped = true;
    this.#workWent();
    this.#listener.close();
    this.#intake.work.cancelAll(new Cancelled());
    for (const connection of this.#connections) connection.close();
    this.#end();
  }

  async #drain() {
    this.#intake.draining = true;
    this.#listener.close();
    for (const connection of this.#connections) connection.sayGoaway();
    while (!this.#stopped && [...this.#connections].some(({ owed }) => owed > 0)) {
      await new Promise((resolve) => {
        this.#workWent = resolve;
      });
    }
    const begun = performance.now();
    for (;;) {
      const quiet = Math.max(this.#lastFrame, begun) + QUIET_MS;
      const left = Math.min(begun + LONGEST_GOODBYE_MS, quiet) - performance.now();
      if (this.#stopped || left <= 0) break;
      await sleep(left);
    }
    await this.stop();
  }

  #welcome(socket) {
    if (this.#stopped || this.#connections.size >= this.#limits.maxConnections) {
      socket.destroy();
      return;
    }
    const connection = new ServerConnection(socket, this, this.#intake);
    this.#connections.add(connection);
    if (this.#intake.draining) connection.sayGoaway();
  }

  // --- called by connections ---------------------------------------------------------------------------

  // take: the answer to a frame, or undefined where it comes later, or none does.
  take(frame, connection) {
    const now = performance.now();
    this.#lastFrame = now;
    if (frame.header.kind === Kind.cancel) {
      const answer = this.#intake.cancel(frame.header, connection, now);
      if (answer !== undefined) this.#paid(connection, 1);
      return answer;
    }
    const answer = this.#intake.take(frame, connection, now);
    if (answer === undefined) connection.owed += 1;
    this.#beginWork();
    return answer;
  }

  // withdraw: it wants no more.
  withdraw(connection) {
    this.#paid(connection, this.#intake.work.withdraw(connection));
  }

  leave(connection) {
    this.withdraw(connection);
    this.#connections.delete(connection);
    this.#workWent();
  }

  // --- work ----------------------------------------------------------------------------------------------

  #beginWork() {
    while (!this.#stopped) {
      const { job, answer } = this.#intake.begin(performance.now());
      if (job === undefined) return;
      if (answer === undefined) this.#serve(job);
      else this.#answer(job, answer);
    }
  }

  async #serve(job) {
    let answer;
    try {
      const body = await this.#intake.handlerOf(job)(job.work);
      answer = this.#intake.served(job, body, performance.now());
    } catch (error) {
      const why = job.work.signal.aborted ? new Cancelled() : error;
      answer = this.#intake.failed(job, why, performance.now());
    }
    this.#answer(job, answer);
    this.#beginWork();
  }

  #answer(job, answer) {
    this.#paid(job.connection, 1);
    job.connection.send(answer);
  }

  #paid(connection, answers) {
    connection.owed -= answers;
    this.#workWent();
  }
}
