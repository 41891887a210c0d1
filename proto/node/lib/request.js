// One request of a client, through its attempts.
import { ConnectFailed, DeadlineExceeded, TimedOut, failureOf } from './errors.js';
import { Kind, MAX_U32, RETRYABLE } from './frame.js';
import { codeOf } from './names.js';

// What the other side has, behind a deadline, to say that it has passed.
export const GRACE_MS = 1000;

export function checkedInteger(value, name, least, most) {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} is ${value}; it is a whole number from ${least} to ${most}`);
}

export function bytesOf(body) {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  throw new TypeError('a body is a string, a Buffer or a Uint8Array');
}

export class Request {
  attempts = 0;

  // Throws RangeError or TypeError for a call that makes no sense.
  constructor(type, call, { types, timeoutMs }, now) {
    this.code = codeOf(type, types);
    this.length = checkedInteger(call.length ?? 1, 'length', 0, MAX_U32);
    this.priority = checkedInteger(call.priority ?? 0, 'priority', 0, 3);
    this.body = bytesOf(call.body ?? '');
    this.retryable = call.retryable ?? false;
    this.deadline = Infinity;
    if (call.deadlineMs !== undefined) this.deadline = now + checkedInteger(call.deadlineMs, 'deadlineMs', 1, MAX_U32);
    this.started = now;
    this.limit = Math.min(now + timeoutMs, this.deadline + GRACE_MS);
  }

  // nextHeader: begins an attempt. Its deadline is what is left of the request's. Throws DeadlineExceeded, or ConnectFailed
  // where nothing has been sent.
  nextHeader(now) {
    const left = Math.ceil(this.deadline - now);
    if (left <= 0 && this.attempts === 0) {
      throw new ConnectFailed('there was no connection before the deadline: the request has not been sent');
    }
    if (left <= 0) throw new DeadlineExceeded('deadline_exceeded: before the request could be sent again');
    this.attempts += 1;
    return {
      kind: Kind.request,
      type: this.code,
      flags: (this.retryable ? RETRYABLE : 0) | (this.priority << 1),
      length: this.length,
      detail: this.deadline === Infinity ? 0 : left,
    };
  }

  // outcomeOf: the reply, if it is ok. Throws the RequestFailed that it stands for.
  outcomeOf({ header, body }) {
    const reply = replyOf(header, body, this.attempts);
    if (reply.status !== 0) throw failureOf(reply);
    return reply;
  }

  // outOfTime: what the request ends with when its limit has passed. `why` there is no connection, where there is none.
  outOfTime(why) {
    if (this.attempts === 0) return new ConnectFailed(why || 'no connection took the request in time');
    if (this.limit >= this.deadline) return new DeadlineExceeded();
    return new TimedOut(`no answer within ${Math.round(this.limit - this.started)} ms; the work may have been done`);
  }
}

export function replyOf(header, body, attempts) {
  return { status: header.detail, body, serviceMs: header.serviceUs / 1000, origin: header.origin, attempts };
}
