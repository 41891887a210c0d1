// What can go wrong. All derive from FinishlineError.

export class FinishlineError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

export class ProtocolError extends FinishlineError {}
export class ConnectFailed extends FinishlineError {}
export class ConnectionLost extends FinishlineError {}
export class TimedOut extends FinishlineError {}
export class ClientClosed extends FinishlineError {}

export class RequestFailed extends FinishlineError {
  static status = 0;
  static words = 'the request failed';
  static unbegun = false;

  constructor(message, { reply, retryAfterMs } = {}) {
    super(message ?? new.target.words);
    this.status = reply?.status ?? new.target.status;
    this.unbegun = new.target.unbegun;
    this.retryAfterMs = retryAfterMs;
    this.reply = reply;
  }
}

export class BadFrameReply extends RequestFailed {
  static status = 1;
  static words = 'bad_frame: the other side could not read the request';
  static unbegun = true;
}
export class UnknownType extends RequestFailed {
  static status = 2;
  static words = 'unknown_type: no such type code, or a server that cannot do it';
  static unbegun = true;
}
export class TooLarge extends RequestFailed {
  static status = 3;
  static words = 'too_large: the body or the length is over the limit of the other side';
  static unbegun = true;
}
export class NoServer extends RequestFailed {
  static status = 4;
  static words = 'no_server: no server that can do this type is up';
  static unbegun = true;
}
export class ServerLost extends RequestFailed {
  static status = 5;
  static words = 'server_lost: the server went away with the request, which may have been done';
}
export class DeadlineExceeded extends RequestFailed {
  static status = 6;
  static words = 'deadline_exceeded: the deadline passed first; the work may have been done';
}
export class Overloaded extends RequestFailed {
  static status = 7;
  static words = 'overloaded: refused by a limit';
  static unbegun = true;
}
export class Draining extends RequestFailed {
  static status = 8;
  static words = 'draining: the receiver is about to stop';
  static unbegun = true;
}
export class ServerFailed extends RequestFailed {
  static status = 9;
  static words = 'server_error: the server said that it failed';
}
export class Cancelled extends RequestFailed {
  static status = 10;
  static words = 'cancelled: nobody wants it any more';
}

const BY_STATUS = new Map(
  [BadFrameReply, UnknownType, TooLarge, NoServer, ServerLost, DeadlineExceeded, Overloaded, Draining, ServerFailed,
    Cancelled].map((kind) => [kind.status, kind]),
);

// failureOf: the error for a reply that is not ok; a plain RequestFailed for a status that nobody knows.
export function failureOf(reply) {
  const Kind = BY_STATUS.get(reply.status);
  if (Kind === undefined) return new RequestFailed(`unknown status ${reply.status}`, { reply });
  const retryAfterMs = Kind === Overloaded && reply.serviceMs > 0 ? reply.serviceMs : undefined;
  const message = retryAfterMs === undefined ? Kind.words : `${Kind.words}; it may come again in ${retryAfterMs} ms`;
  return new Kind(message, { reply, retryAfterMs });
}
