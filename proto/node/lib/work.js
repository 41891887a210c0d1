// A request as the handler of a server sees it, and on its way through the server.

export class Work {
  #deadline;
  #abort = new AbortController();

  constructor({ type, asked, body, retryable, deadline }) {
    this.type = type;
    this.length = asked.length;
    this.body = body;
    this.retryable = retryable;
    this.signal = this.#abort.signal;
    this.#deadline = deadline;
  }

  timeLeftMs() {
    return this.#deadline === undefined ? undefined : Math.max(0, this.#deadline - performance.now());
  }

  // takeBack: called by the server.
  takeBack(reason) {
    this.#abort.abort(reason);
  }
}

// Job: `connection` is whoever gets the reply.
export class Job {
  begunAt = 0;
  expectedMs = 0; // what it was thought to take when it began

  constructor(work, asked, connection) {
    this.work = work;
    this.asked = asked;
    this.connection = connection;
  }

  get units() {
    return Math.max(1, this.asked.length);
  }

  get heldBytes() {
    return this.work.body.length + 256; // and what a waiting request holds besides, roughly
  }
}
