// The frame protocol: header, encoder, incremental decoder. The manual is proto/PROTOCOL.md.
import { ProtocolError } from './errors.js';

export const HEADER_BYTES = 32;
export const VERSION = 1;
export const DEFAULT_MAX_BODY = 16 << 20;
export const MAX_U32 = 0xffffffff;

export const RETRYABLE = 0x01; // the work may be done twice
export const PRIORITY_BITS = 0x06; // the priority class, 0 to 3
export const KNOWN_FLAGS = RETRYABLE | PRIORITY_BITS;
export const WANTS_VITALS = 1; // `length` of a ping that wants a pong with a body

export const Kind = Object.freeze({ request: 1, reply: 2, ping: 3, pong: 4, goaway: 5, describe: 6, description: 7,
  estimate: 8, estimated: 9, cancel: 10, resize: 11 });
export const ANSWERS = new Set([Kind.reply, Kind.pong, Kind.goaway, Kind.description]); // what a client receives
// What a server receives.
export const REQUESTS = new Set([Kind.request, Kind.ping, Kind.describe, Kind.estimate, Kind.cancel, Kind.resize]);

const STATUS_NAMES = ['ok', 'bad_frame', 'unknown_type', 'too_large', 'no_server', 'server_lost', 'deadline_exceeded',
  'overloaded', 'draining', 'server_error', 'cancelled'];
export const Status = Object.freeze(Object.fromEntries(STATUS_NAMES.map((name, number) => [name, number])));
export const statusName = (status) => STATUS_NAMES[status] ?? 'unknown';

// encode: the bytes of one frame. Throws RangeError when a field does not fit. `id` is a bigint.
export function encode(header, body = Buffer.alloc(0)) {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt8(header.version ?? VERSION, 4);
  frame.writeUInt8(header.kind, 5);
  frame.writeUInt8(header.type ?? 0, 6);
  frame.writeUInt8(header.flags ?? 0, 7);
  frame.writeBigUInt64BE(header.id ?? 0n, 8);
  frame.writeUInt32BE(header.length ?? 0, 16);
  frame.writeUInt32BE(header.detail ?? 0, 20);
  frame.writeUInt32BE(header.serviceUs ?? 0, 24);
  frame.writeUInt32BE(header.origin ?? 0, 28);
  frame.set(body, HEADER_BYTES);
  return frame;
}

// decodeHeader: reads HEADER_BYTES at `at` without judging them.
export function decodeHeader(data, at = 0) {
  return {
    bodyBytes: data.readUInt32BE(at),
    version: data.readUInt8(at + 4),
    kind: data.readUInt8(at + 5),
    type: data.readUInt8(at + 6),
    flags: data.readUInt8(at + 7),
    id: data.readBigUInt64BE(at + 8),
    length: data.readUInt32BE(at + 16),
    detail: data.readUInt32BE(at + 20),
    serviceUs: data.readUInt32BE(at + 24),
    origin: data.readUInt32BE(at + 28),
  };
}

// A frame that makes no sense; its `header` as it was read.
export class BadFrame extends ProtocolError {
  constructor(message, header) {
    super(message);
    this.name = 'ProtocolError';
    this.header = header;
  }
}

// Cuts a byte stream into frames. Takes memory for bytes that came, not for bytes that were announced: the pieces of a
// frame are joined once, when it is complete.
export class Decoder {
  #kinds;
  #maxBody;
  #pieces = [];
  #kept = 0;
  #wanted = HEADER_BYTES;
  #skipLarge;
  #toSkip = 0; // of a body that is too large

  // With `skipLarge` a frame whose body is over maxBody comes without it, as { header, body, tooLarge: true }.
  constructor(kinds, maxBody = DEFAULT_MAX_BODY, { skipLarge = false } = {}) {
    this.#kinds = kinds;
    this.#maxBody = maxBody;
    this.#skipLarge = skipLarge;
  }

  // Whether the bytes end inside a frame.
  get midFrame() {
    return this.#kept > 0;
  }

  // feed: the frames that these bytes complete, as { header, body }. Throws BadFrame where version, kind, flags or size
  // make no sense; the stream must end there.
  *feed(came) {
    const skipped = Math.min(this.#toSkip, came.length);
    this.#toSkip -= skipped;
    const data = came.subarray(skipped);
    if (data.length === 0) return;
    this.#pieces.push(data);
    this.#kept += data.length;
    if (this.#kept < this.#wanted) return;
    const all = this.#pieces.length === 1 ? data : Buffer.concat(this.#pieces, this.#kept);
    this.#pieces = [];
    this.#kept = 0;
    let at = 0;
    for (;;) {
      const left = all.length - at;
      this.#wanted = HEADER_BYTES;
      if (left >= HEADER_BYTES) {
        const header = this.#judged(decodeHeader(all, at));
        if (header.bodyBytes > this.#maxBody) {
          yield { header, body: Buffer.alloc(0), tooLarge: true };
          const here = Math.min(left, HEADER_BYTES + header.bodyBytes);
          this.#toSkip = HEADER_BYTES + header.bodyBytes - here;
          at += here;
          continue;
        }
        this.#wanted = HEADER_BYTES + header.bodyBytes;
        if (left >= this.#wanted) {
          yield { header, body: all.subarray(at + HEADER_BYTES, at + this.#wanted) };
          at += this.#wanted;
          continue;
        }
      }
      break;
    }
    if (at === all.length) return;
    // What is kept is copied: it must not hold all that came with it.
    this.#pieces = [Buffer.from(all.subarray(at))];
    this.#kept = this.#pieces[0].length;
  }

  #judged(header) {
    if (header.version !== VERSION) {
      throw new BadFrame(`version ${header.version} in a frame, where ${VERSION} is spoken`, header);
    }
    if (!this.#kinds.has(header.kind)) {
      throw new BadFrame(`a frame of kind ${header.kind}, which nobody sends in this direction`, header);
    }
    if ((header.flags & ~KNOWN_FLAGS) !== 0) {
      throw new BadFrame(`unknown flags 0x${header.flags.toString(16)} in a frame`, header);
    }
    if (header.bodyBytes > this.#maxBody && !this.#skipLarge) {
      throw new BadFrame(`a body of ${header.bodyBytes} bytes, over maxBody`, header);
    }
    return header;
  }
}
