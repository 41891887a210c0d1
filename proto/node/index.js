// A client of a Finishline proxy, and a server behind it. What each name means stands in index.d.ts.
export { Client } from './lib/client.js';
export {
  BadFrameReply, Cancelled, ClientClosed, ConnectFailed, ConnectionLost, DeadlineExceeded, Draining, FinishlineError,
  NoServer, Overloaded, ProtocolError, RequestFailed, ServerFailed, ServerLost, TimedOut, TooLarge, UnknownType,
} from './lib/errors.js';
export { Status, statusName } from './lib/frame.js';
export { SEED_TYPES } from './lib/names.js';
export { Server } from './lib/server.js';
