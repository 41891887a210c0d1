// Other sides for tests that say just what a test wants.
import net from 'node:net';
import { Decoder, Kind, REQUESTS, encode } from '../lib/frame.js';

export const reply = (asked, body = Buffer.alloc(0), fields = {}) =>
  encode({ ...asked, kind: Kind.reply, detail: 0, ...fields }, body);

// One connection, read frame by frame.
class Peer {
  #frames = [];
  #waiting = [];
  #ended = false;

  constructor(socket) {
    this.socket = socket;
    const decoder = new Decoder(REQUESTS, 0xffffffff);
    socket.on('data', (data) => {
      for (const frame of decoder.feed(data)) this.#frames.push(frame);
      this.#tell();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended = true;
      this.#tell();
    });
  }

  // read: the next frame, undefined at the end.
  read() {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#tell();
    });
  }

  write(data) {
    this.socket.write(data);
  }

  async serve() {
    for (let frame = await this.read(); frame !== undefined; frame = await this.read()) {
      this.write(reply(frame.header, frame.body));
    }
  }

  #tell() {
    while (this.#waiting.length > 0 && (this.#frames.length > 0 || this.#ended)) {
      this.#waiting.shift()(this.#frames.shift());
    }
  }
}

export const serve = (peer) => peer.serve();

// scripted: the address of a server that treats its first connection by the first script, and so on; later ones are
// closed. It ends with the test `t`.
export async function scripted(t, ...scripts) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    const script = scripts.shift();
    if (script === undefined) return socket.destroy();
    sockets.add(socket);
    return Promise.resolve(script(new Peer(socket))).then(
      () => socket.end(),
      (error) => {
        socket.destroy();
        throw error;
      },
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${server.address().port}`;
}
