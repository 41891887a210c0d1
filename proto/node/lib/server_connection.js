// One connection of a server: frames in, answers out.
import { BadFrame, Kind, encode } from './frame.js';

const NOT_READ_MS = 10_000; // who does not read his answers is given up
const LAST_WORDS_MS = 1000;

export class ServerConnection {
  owed = 0; // answers that are still to be sent
  #socket;
  #server;
  #decoder;
  #refuseBad;
  #patience;
  #halfClosed = false;
  #ending = false; // the last bytes are written: what comes is thrown away

  constructor(socket, server, intake) {
    this.#socket = socket;
    this.#server = server;
    this.#decoder = intake.newDecoder();
    this.#refuseBad = (error) => intake.refuseBad(error);
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#onData(data));
    socket.on('drain', () => {
      clearTimeout(this.#patience);
      socket.resume();
    });
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(this.#patience);
      server.leave(this);
    });
  }

  send(data) {
    if (this.#ending || this.#socket.destroyed) return;
    this.#write(data);
    if (this.#halfClosed && this.owed === 0) this.#socket.end();
  }

  sayGoaway() {
    this.send(encode({ kind: Kind.goaway }));
  }

  // close: ends it when what is written has been sent.
  close() {
    this.#socket.destroySoon();
    this.#giveUpAfter(LAST_WORDS_MS);
  }

  // What is written in one turn of the loop leaves at once. An other side that does not read is not read either.
  #write(data) {
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    if (this.#socket.write(data) || this.#socket.isPaused()) return;
    this.#socket.pause();
    this.#giveUpAfter(NOT_READ_MS);
  }

  #onData(data) {
    if (this.#ending) return;
    try {
      for (const frame of this.#decoder.feed(data)) {
        const answer = this.#server.take(frame, this);
        if (answer !== undefined) this.send(answer);
      }
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.#sayLast(this.#refuseBad(error));
    }
  }

  // What has begun is finished and answered, if the answer can still be sent.
  #onEnd() {
    this.#halfClosed = true;
    this.#server.withdraw(this);
    if (this.owed === 0 || this.#ending) this.#socket.end();
  }

  // Sends, and reads on until the other side has gone: what is unread when we close would reset the reply.
  #sayLast(data) {
    this.send(data);
    this.#ending = true;
    this.#server.withdraw(this);
    this.#socket.end();
    this.#giveUpAfter(LAST_WORDS_MS);
  }

  #giveUpAfter(ms) {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#socket.destroy(), ms);
  }
}
