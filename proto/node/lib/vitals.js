// What a server says of itself when it is asked how it is: the body of a pong.

const WINDOW_MS = 1000;

// CPU and memory of this process. CPU is of one core, between the last two questions that were a second apart.
export class Vitals {
  #since = performance.now();
  #before = process.cpuUsage();
  #cpuPercent = 0;

  body(slots, backlogMs) {
    return Buffer.from(JSON.stringify({
      cpu_percent: this.#cpu(),
      memory_bytes: process.memoryUsage.rss(),
      slots,
      backlog_us: Math.round(backlogMs * 1000),
      cancel: true,
    }));
  }

  #cpu() {
    const passed = performance.now() - this.#since;
    if (passed >= WINDOW_MS) {
      const { user, system } = process.cpuUsage(this.#before);
      this.#cpuPercent = Math.round((user + system) / passed) / 10;
      this.#since += passed;
      this.#before = process.cpuUsage();
    }
    return this.#cpuPercent;
  }
}
