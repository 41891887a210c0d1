// The side of a server that knows the protocol and no socket: frames in, the bytes of answers out.
import { Cancelled, DeadlineExceeded, RequestFailed } from './errors.js';
import { Decoder, KNOWN_FLAGS, Kind, MAX_U32, REQUESTS, RETRYABLE, Status, WANTS_VITALS, encode } from './frame.js';
import { codeOf } from './names.js';
import { bytesOf, checkedInteger } from './request.js';
import { Vitals } from './vitals.js';
import { Job, Work } from './work.js';
import { Workload } from './workload.js';

const MOST_SLOTS = 65536; // that a resize may ask for, as in [[server]] of the proxy

const microseconds = (ms) => Math.min(MAX_U32, Math.round(ms * 1000));

export class Intake {
  draining = false;
  #types;
  #limits;
  #maxSlots;
  #log;
  #handlers = new Map();
  #vitals = new Vitals();

  // Throws RangeError.
  constructor({ slots, maxSlots, types, limits, log }) {
    this.slots = checkedInteger(slots, 'slots', 1, MOST_SLOTS);
    this.#maxSlots = checkedInteger(maxSlots ?? (slots > 1 ? MOST_SLOTS : 1), 'maxSlots', 1, MOST_SLOTS);
    this.#types = types;
    this.#limits = limits;
    this.#log = log;
    this.work = new Workload(limits);
  }

  // register: throws RangeError for a name that is unknown, or has a handler.
  register(names, handler) {
    if (names.length === 0) throw new RangeError("say which types it handles, as handles('video', ...)");
    for (const name of names) {
      const code = codeOf(name, this.#types);
      if (this.#handlers.has(code)) throw new RangeError(`the type '${name}' has a handler already`);
      this.#handlers.set(code, { name, handler });
    }
  }

  newDecoder() {
    return new Decoder(REQUESTS, this.#limits.maxBody, { skipLarge: true });
  }

  // take: the answer to a frame; undefined: it is a request, and waits now for begin().
  take({ header: asked, body, tooLarge = false }, connection, now) {
    switch (asked.kind) {
      case Kind.ping:
        return encode({ kind: Kind.pong, id: asked.id },
          asked.length === WANTS_VITALS ? this.#vitals.body(this.slots, this.work.backlogMs(now)) : undefined);
      case Kind.describe:
        return encode({ kind: Kind.description, id: asked.id, detail: Status.no_server });
      case Kind.estimate:
        return refusal(asked, Status.no_server, 0, Kind.estimated);
      case Kind.resize:
        return this.#resize(asked);
      default:
        break;
    }
    if (this.draining) return refusal(asked, Status.draining);
    if (tooLarge) return refusal(asked, Status.too_large);
    const handled = this.#handlers.get(asked.type);
    if (handled === undefined) return refusal(asked, Status.unknown_type);
    const work = new Work({
      type: handled.name,
      asked,
      body: Buffer.from(body), // what is kept is copied: it must not hold all that came with it
      retryable: (asked.flags & RETRYABLE) !== 0,
      deadline: asked.detail === 0 ? undefined : now + asked.detail,
    });
    if (this.work.put(new Job(work, asked, connection))) return undefined;
    return refusal(asked, Status.overloaded, this.work.backlogMs(now) / this.slots);
  }

  // cancel: the reply to a request that had not begun and is cancelled; undefined: there is nothing to answer now.
  cancel(asked, connection, now) {
    const job = this.work.cancel(connection, asked.id, new Cancelled());
    return job && this.#reply(job, Status.cancelled, 0, now);
  }

  // refuseBad: the reply behind which the connection closes.
  refuseBad(error) {
    this.#log(`bad frame: ${error.message}`);
    return refusal(error.header, Status.bad_frame);
  }

  // begin: the next job to work on, if a slot is free, and what it is told where its deadline has passed: then it is
  // finished.
  begin(now) {
    const job = this.work.running < this.slots ? this.work.begin(now) : undefined;
    const late = job?.work.timeLeftMs() === 0;
    return { job, answer: late ? this.failed(job, new DeadlineExceeded(), now) : undefined };
  }

  handlerOf(job) {
    return this.#handlers.get(job.asked.type).handler;
  }

  // served: the reply to a request whose handler returned `body`.
  served(job, body, now) {
    let bytes;
    try {
      bytes = bytesOf(body ?? '');
    } catch (error) {
      return this.failed(job, error, now);
    }
    const took = this.work.finish(job, now, true);
    return this.#reply(job, Status.ok, took, now, bytes);
  }

  // failed: the reply to a request whose handler threw `error`: its status, or server_error, which is logged. What a
  // client told the handler about a request of its own says nothing about this one: server_error, too.
  failed(job, error, now) {
    const took = this.work.finish(job, now, false);
    if (error instanceof RequestFailed && error.status > 0 && error.reply === undefined) {
      const told = error.status === Status.overloaded ? error.retryAfterMs ?? 0 : took;
      return this.#reply(job, error.status, told, now);
    }
    this.#log(`the handler of ${job.work.type} failed`, error);
    return this.#reply(job, Status.server_error, took, now);
  }

  #resize(asked) {
    if (this.draining) return refusal(asked, Status.draining);
    if (asked.length < 1 || asked.length > this.#maxSlots) return refusal(asked, Status.server_error);
    this.slots = asked.length;
    return refusal(asked, Status.ok);
  }

  #reply(job, status, serviceMs, now, body) {
    const header = { ...echoOf(job.asked, Kind.reply), detail: status, serviceUs: microseconds(serviceMs) };
    return encode({ ...header, origin: microseconds(this.work.backlogMs(now)) }, body);
  }
}

function echoOf({ type, flags, id, length }, kind) {
  return { kind, type, flags: flags & KNOWN_FLAGS, id, length };
}

function refusal(asked, status, serviceMs = 0, kind = Kind.reply) {
  return encode({ ...echoOf(asked, kind), detail: status, serviceUs: microseconds(serviceMs) });
}
