/// <reference types="node" />
// A client of a Finishline proxy, and a server behind it.

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

/** What a server takes. Above that a request is refused, unbegun, and the proxy gives it to another server. */
export interface Limits {
  /** A larger body is too_large; it is skipped as it comes; bytes, 16 MiB. */
  maxBody?: number;
  /** Requests that wait for a slot; one more is overloaded; 1024. */
  maxWaiting?: number;
  /** The bytes that those hold; 64 MiB. */
  maxWaitingBytes?: number;
  /** One more is closed at once; 1024. A proxy has few for each of its workers. */
  maxConnections?: number;
}

export interface ServerOptions {
  /** Requests that are worked on at once, the others wait, first come, first served; 2. */
  slots?: number;
  /** The most that the proxy may set while it runs; 65536, or 1 where `slots` is 1: such a handler need not be fit for more. */
  maxSlots?: number;
  /** Name and letter of each request type, as in [work] of the proxy; SEED_TYPES. */
  types?: Readonly<Record<string, string>>;
  limits?: Limits;
  /** Hears of bad frames and of handlers that throw what is no RequestFailed; console.error. */
  log?: (words: string, error?: unknown) => void;
}

/** A request as a handler sees it. */
export interface Work {
  /** The name by which the handler was registered, or the letter. */
  readonly type: string;
  /** The length tag: units of work. */
  readonly length: number;
  readonly body: Buffer;
  /** Whether the work may be done twice, and perhaps is. */
  readonly retryable: boolean;
  /** Aborted when the client has taken it back, or the server stops: what is thrown then is told as cancelled. */
  readonly signal: AbortSignal;
  /** Until the deadline, 0 when it has passed; undefined without one. */
  timeLeftMs(): number | undefined;
}

/**
 * Returns the body of the reply, or a promise of it. What it throws is told to the client as server_error; a RequestFailed
 * chooses the status: after TooLarge or Overloaded, which say that it has not begun, the proxy asks another server.
 */
export type Handler = (work: Work) => string | Uint8Array | void | Promise<string | Uint8Array | void>;

/**
 * Does typed work for a proxy, `slots` requests at a time, in one event loop. A handler that computes for long holds up
 * all else, the proxy's pings among it: give such work to a node:worker_threads, or to `finishline-server --exec`.
 */
export class Server {
  /** `address`: "HOST:PORT", "[IPV6]:PORT" or "unix:/PATH"; port 0: one that is free. Throws RangeError. */
  constructor(address: string, options?: ServerOptions);
  /** Where it listens, once it has started; before that "". */
  readonly address: string;
  /** Requests that it works on at once: the number it was made with, or what the proxy has told it since. */
  readonly slots: number;
  /** Registers a handler for request types: names, or letters of the wire. Throws RangeError, TypeError. Returns itself. */
  handles(types: string | string[], handler: Handler): this;
  /** Listens and serves as long as the loop runs. Returns the address. Throws what the kernel says. */
  start(): Promise<string>;
  /**
   * Serves until SIGTERM or SIGINT, then drains; a second one stops at once. Returns whether all work that was accepted
   * has been finished. Throws as start() does.
   */
  run(): Promise<boolean>;
  /** Takes no new request, says so, finishes what it has, and ends. Resolves when that is done. */
  drain(): Promise<void>;
  /** Ends at once: connections are closed, and handlers hear of it by their signals. */
  stop(): Promise<void>;
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
  /** `retryAfterMs` of an Overloaded that a handler throws is told to the client. */
  constructor(message?: string, options?: { retryAfterMs?: number; reply?: Reply });
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
