/// <reference types="node" />
// A client of a Finishline proxy.

/** Numbers of the protocol: Status.ok is 0, Status.overloaded 7. */
export const Status: Readonly<Record<
  | 'ok' | 'bad_frame' | 'unknown_type' | 'too_large' | 'no_server' | 'server_lost' | 'deadline_exceeded'
  | 'overloaded' | 'draining' | 'server_error' | 'cancelled',
  number
>>;
/** The name of a status, 'unknown' for a number that is none. */
export function statusName(status: number): string;
/** Request types of the sample configuration, [work] types. */
export const SEED_TYPES: Readonly<Record<string, string>>;

export interface RetryOptions {
  /** How often one request is sent, all in all; 4. */
  attempts?: number;
  /** The first pause; later ones double, and each is drawn from its upper half; 50. */
  firstPauseMs?: number;
  /** No pause is longer; 2000. */
  longestPauseMs?: number;
}

export interface ClientOptions {
  /** Name and letter of each request type, as in [work] of the proxy; SEED_TYPES. */
  types?: Readonly<Record<string, string>>;
  /** What one request may take, all attempts included; 60000. Infinity: for ever. */
  timeoutMs?: number;
  /** After so long without a connection a request fails; 10000. */
  connectTimeoutMs?: number;
  retry?: RetryOptions;
  /** A larger answer ends the connection, bytes; 16 MiB. */
  maxBody?: number;
}

export interface CallOptions {
  /** The length tag: units of work; 1. */
  length?: number;
  /** Strings are sent as UTF-8; empty. */
  body?: string | Uint8Array;
  /** What it may take, counted by the receiver; none. */
  deadlineMs?: number;
  /** Whether the work may be done twice; only then is it sent again when a server or a connection is lost; false. */
  retryable?: boolean;
  /** The class, 0 to 3, the most urgent; 0. A proxy that knows no classes takes any other for a bad frame. */
  priority?: number;
  /**
   * Aborting forgets the request at once, with the signal's reason, and takes it back from a proxy or server that
   * understands that; so does `timeoutMs`.
   */
  signal?: AbortSignal;
}

export interface Call extends CallOptions {
  /** A name of the client's `types`, or the letter itself. */
  type: string;
}

export interface Reply {
  /** 0 for ok; see Status. */
  status: number;
  body: Buffer;
  /** How long the server worked on it; with status overloaded: until the request may come again, 0 = unknown. */
  serviceMs: number;
  /** From a proxy: the number of the server that did it. From a server: its remaining backlog in µs. */
  origin: number;
  /** How often the request has been sent. */
  attempts: number;
}

/**
 * Sends any number of requests at once over one connection, which it makes with the first request, and again when it is
 * lost. It keeps the process alive until close().
 */
export class Client {
  /** `address`: "HOST:PORT", "[IPV6]:PORT" or "unix:/PATH". Throws RangeError. */
  constructor(address: string, options?: ClientOptions);
  /**
   * Sends one request and waits for its reply, which is ok. Throws RequestFailed for any other status, ConnectFailed,
   * ConnectionLost, TimedOut, ProtocolError, ClientClosed; RangeError or TypeError for a call that makes no sense.
   */
  call(type: string, options?: CallOptions): Promise<Reply>;
  /**
   * Sends requests, at most `window` (64) open at a time; their replies in the same order. Every request is played to
   * its end, then the first error, if any, is thrown as by call().
   */
  callMany(
    calls: Iterable<Call>,
    options?: { window?: number; returnErrors?: false; signal?: AbortSignal },
  ): Promise<Reply[]>;
  /** With `returnErrors` errors stand in the places of the replies. */
  callMany(
    calls: Iterable<Call>,
    options: { window?: number; returnErrors: true; signal?: AbortSignal },
  ): Promise<(Reply | FinishlineError)[]>;
  /** Milliseconds until the other side has answered a ping, which it does before any work. */
  ping(): Promise<number>;
  /** What the proxy schedules: types, costs, servers; see PROTOCOL.md. Throws NoServer where it does not tell. */
  describe(): Promise<Record<string, unknown>>;
  /**
   * Ends the connection. What is open ends with ClientClosed, and is taken back from a proxy or server that understands
   * that, which may take a tenth of a second. Safe to call again.
   */
  close(): Promise<void>;
}

/** Every error of this package. */
export class FinishlineError extends Error {}
/** The other side sent bytes that make no sense. The connection is closed. */
export class ProtocolError extends FinishlineError {}
/** No connection could be made. The request has not been sent. */
export class ConnectFailed extends FinishlineError {}
/** The connection ended with the request open. Its work may have been done. */
export class ConnectionLost extends FinishlineError {}
/** No answer within the client's `timeoutMs`. The work may have been done. */
export class TimedOut extends FinishlineError {}
/** close() was called: this client takes no request, and answers none that was open. */
export class ClientClosed extends FinishlineError {}
/** The reply says that the request was not served. */
export class RequestFailed extends FinishlineError {
  /** The number on the wire. */
  status: number;
  /** Whether the status says that the work was not begun. */
  unbegun: boolean;
  /** Until the request may come again, where the other side said so. */
  retryAfterMs?: number;
  reply?: Reply;
}
export class BadFrameReply extends RequestFailed {}
export class UnknownType extends RequestFailed {}
export class TooLarge extends RequestFailed {}
export class NoServer extends RequestFailed {}
export class ServerLost extends RequestFailed {}
export class DeadlineExceeded extends RequestFailed {}
export class Overloaded extends RequestFailed {}
export class Draining extends RequestFailed {}
export class ServerFailed extends RequestFailed {}
export class Cancelled extends RequestFailed {}
