// What a server has accepted and not finished, and how long that will take. Pure: time comes in as an argument.
// First come, first served. How long a unit of a type takes is learned from what has been done.

const LEARN = 0.2; // the weight of the latest measurement

export class Workload {
  #limits;
  #waiting = [];
  #waitingBytes = 0;
  #waitingUnits = new Map(); // by type
  #running = new Set();
  #msPerUnit = new Map(); // by type

  constructor(limits) {
    this.#limits = limits;
  }

  get running() {
    return this.#running.size;
  }

  // put: takes a job that is to wait for its turn; false: there is no room.
  put(job) {
    const { maxWaiting, maxWaitingBytes } = this.#limits;
    if (this.#waiting.length >= maxWaiting || this.#waitingBytes + job.heldBytes > maxWaitingBytes) return false;
    this.#waiting.push(job);
    this.#count(job, 1);
    return true;
  }

  // begin: the next one to work on; finish() must follow. undefined: nothing waits.
  begin(now) {
    const job = this.#waiting.shift();
    if (job === undefined) return undefined;
    this.#count(job, -1);
    job.begunAt = now;
    job.expectedMs = job.units * this.#costOf(job.asked.type);
    this.#running.add(job);
    return job;
  }

  // finish: how long it took, in ms. Only what was served teaches.
  finish(job, now, served) {
    this.#running.delete(job);
    const took = Math.max(0, now - job.begunAt);
    if (served) {
      const before = this.#msPerUnit.get(job.asked.type);
      const latest = took / job.units;
      this.#msPerUnit.set(job.asked.type, before === undefined ? latest : before + LEARN * (latest - before));
    }
    return took;
  }

  // withdraw: nobody waits any more for what this connection has asked and nobody has begun. Returns how much that was.
  withdraw(connection) {
    const gone = this.#waiting.filter((job) => job.connection === connection);
    for (const job of gone) this.#count(job, -1);
    if (gone.length > 0) this.#waiting = this.#waiting.filter((job) => job.connection !== connection);
    return gone.length;
  }

  // cancel: takes back what this connection has asked under this id. Returns it if it had not begun; else its handler is
  // told.
  cancel(connection, id, reason) {
    const isIt = (job) => job.connection === connection && job.asked.id === id;
    const place = this.#waiting.findIndex(isIt);
    if (place >= 0) {
      const [job] = this.#waiting.splice(place, 1);
      this.#count(job, -1);
      return job;
    }
    for (const job of this.#running) if (isIt(job)) job.work.takeBack(reason);
    return undefined;
  }

  // cancelAll: the handlers of all that has begun are told.
  cancelAll(reason) {
    for (const job of this.#running) job.work.takeBack(reason);
  }

  // backlogMs: work that is accepted and not finished, summed over all slots; 0 as long as nothing is known.
  backlogMs(now) {
    let sum = 0;
    for (const [type, units] of this.#waitingUnits) sum += units * this.#costOf(type);
    for (const job of this.#running) sum += Math.max(0, job.expectedMs - (now - job.begunAt));
    return sum;
  }

  #costOf(type) {
    return this.#msPerUnit.get(type) ?? 0;
  }

  #count(job, sign) {
    this.#waitingBytes += sign * job.heldBytes;
    this.#waitingUnits.set(job.asked.type, (this.#waitingUnits.get(job.asked.type) ?? 0) + sign * job.units);
  }
}
