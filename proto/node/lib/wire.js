// One connection of a client: ids out, answers in.
import net from 'node:net';
import { ConnectFailed, ConnectionLost, ProtocolError } from './errors.js';
import { ANSWERS, Decoder, Kind, WANTS_VITALS, encode } from './frame.js';

const CANCEL_PATIENCE_MS = 100; // for what takes back what nobody waits for any more

const ANSWER_TO = { [Kind.request]: Kind.reply, [Kind.ping]: Kind.pong, [Kind.describe]: Kind.description };

export class Wire {
  going = false; // the other side has said goaway: no new request here; open ones are answered
  ended = false;
  #socket;
  #decoder;
  #open = new Map([[Kind.reply, new Map()], [Kind.pong, new Map()], [Kind.description, new Map()]]);
  #nextId = 1n;
  #reason;
  #drained = [];
  #corked = false;
  #cancels; // whether the other side understands cancel; undefined: it has not said
  #askedIn; // the id of the ping that asks it
  #toCancel = []; // until it has said
  #leaving = false; // ends once what takes requests back has left

  constructor(socket, maxBody) {
    this.#socket = socket;
    this.#decoder = new Decoder(ANSWERS, maxBody);
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#onData(data));
    socket.on('drain', () => this.#letAllWrite());
    socket.on('end', () => socket.destroy());
    socket.on('error', (error) => {
      this.#reason ??= new ConnectionLost(`${error.message}; the request was open and may have been done`);
    });
    socket.on('close', () => this.#onClose());
  }

  // connect: throws ConnectFailed.
  static connect(target, maxBody, timeoutMs, signal) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(target);
      const fail = (why) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        socket.destroy();
        reject(new ConnectFailed(`${target.path ?? `${target.host}:${target.port}`}: ${why}`));
      };
      const giveUp = () => fail('the client was closed');
      const timer = setTimeout(fail, timeoutMs, 'timed out');
      signal.addEventListener('abort', giveUp, { once: true });
      socket.on('error', (error) => fail(error.message));
      socket.once('connect', () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        socket.removeAllListeners('error');
        resolve(new Wire(socket, maxBody));
      });
    });
  }

  get takesRequests() {
    return !this.ended && !this.going;
  }

  // writable: resolves when the other side reads again, or the connection has ended.
  writable() {
    if (this.ended || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  // ask: sends a request. Returns { answer, forget, cancel }: the promise of its answer, how to give it up, and how to
  // have the other side give it up, too, if it understands that.
  ask(header, body) {
    const id = this.#nextId++;
    const open = this.#open.get(ANSWER_TO[header.kind]);
    const answer = new Promise((resolve, reject) => open.set(id, { resolve, reject }));
    this.#write(encode({ ...header, id }, body));
    const forget = () => {
      open.delete(id);
      this.#closeIfDone();
    };
    const cancel = () => {
      if (open.delete(id) && header.kind === Kind.request && !this.ended) this.#cancel(id);
    };
    return { answer, forget, cancel };
  }

  // close: ends the connection; what is open on it ends with `reason`.
  close(reason) {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  // leave: ends the connection, and what is open on it with `reason`. The other side is told to leave that, too, if it
  // understands it and says so soon. Resolves when the connection has ended.
  async leave(reason) {
    if (this.ended) return;
    this.#reason ??= reason;
    const asked = [...this.#open.get(Kind.reply).keys()];
    this.#rejectAll(reason);
    for (const id of asked) this.#cancel(id);
    const ended = new Promise((resolve) => this.#socket.once('close', resolve));
    const timer = setTimeout(() => this.#socket.destroy(), CANCEL_PATIENCE_MS);
    this.#leaving = true;
    this.#endIfSaid();
    await ended;
    clearTimeout(timer);
  }

  #endIfSaid() {
    if (this.#leaving && this.#toCancel.length === 0) this.#socket.destroySoon();
  }

  #cancel(id) {
    if (this.#cancels === true) this.#write(encode({ kind: Kind.cancel, id }));
    if (this.#cancels !== undefined) return;
    this.#toCancel.push(id);
    if (this.#askedIn !== undefined) return;
    this.#askedIn = this.#nextId++;
    this.#write(encode({ kind: Kind.ping, id: this.#askedIn, length: WANTS_VITALS }));
  }

  #hearVitals(body) {
    this.#cancels = saysCancel(body);
    for (const id of this.#toCancel.splice(0)) this.#cancel(id);
    this.#endIfSaid();
  }

  // What is written in one turn of the loop leaves at once.
  #write(data) {
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(data);
  }

  #onData(data) {
    try {
      for (const frame of this.#decoder.feed(data)) this.#take(frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(error);
    }
    this.#closeIfDone();
  }

  #take(frame) {
    const { kind, id } = frame.header;
    if (kind === Kind.goaway) {
      this.going = true;
      return;
    }
    if (kind === Kind.pong && id === this.#askedIn) {
      this.#hearVitals(frame.body);
      return;
    }
    const open = this.#open.get(kind);
    open.get(id)?.resolve(frame); // an answer that nobody waits for is dropped
    open.delete(id);
  }

  #closeIfDone() {
    if (this.going && [...this.#open.values()].every((open) => open.size === 0)) this.#socket.destroy();
  }

  #onClose() {
    this.ended = true;
    const lost = 'the other side closed the connection with the request open; it may have been done';
    const reason = this.#reason ?? new ConnectionLost(lost);
    this.#rejectAll(reason);
    this.#letAllWrite();
  }

  #rejectAll(reason) {
    for (const open of this.#open.values()) {
      for (const { reject } of open.values()) reject(reason);
      open.clear();
    }
  }

  #letAllWrite() {
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}

// Whether the body of a pong says that the other side understands cancel.
function saysCancel(body) {
  try {
    return JSON.parse(body.toString('utf8'))?.cancel === true;
  } catch {
    return false;
  }
}
