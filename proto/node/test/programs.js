// Real programs for tests: they run on ports that the kernel chooses, and end with the test that started them.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BIN = path.resolve(process.env.BIN ?? path.join(ROOT, 'build/bin'));
const PATIENCE_MS = 20_000;

export class Program {
  #said = '';
  #listeners = [];

  constructor(name, ...args) {
    this.process = spawn(path.resolve(BIN, name), args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => resolve(code ?? signal));
      this.process.on('error', (error) => resolve(error.message));
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (data) => {
        this.#said += data;
        for (const listener of this.#listeners) listener();
      });
    }
  }

  // says: waits until it has said something like that.
  says(pattern) {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`waited in vain for ${pattern}; it said:\n${this.#said}`));
      const timer = setTimeout(fail, PATIENCE_MS);
      const look = () => {
        const found = pattern.exec(this.#said);
        if (found === null) return;
        clearTimeout(timer);
        resolve(found);
      };
      this.#listeners.push(look);
      this.ended.then(() => {
        look();
        clearTimeout(timer);
        fail();
      });
      look();
    });
  }

  async end(signal = 'SIGTERM') {
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE_MS);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }
}

export async function referenceServer(t, ...flags) {
  const program = new Program('finishline-server', '--type', 'video', '--listen', '127.0.0.1:0', ...flags);
  t.after(() => program.end());
  program.address = (await program.says(/listening on (\S+)/))[1];
  return program;
}

// proxy: a proxy before video servers, once it has a link to each. `keys`: more lines for [work], the listener, the pool.
export async function proxy(t, servers, keys = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'finishline-node.'));
  const file = path.join(folder, 'finishline.toml');
  const listed = servers.map((server, number) => `
[[server]]
name = "server-${number}"
pool = "media"
type = "video"
address = "${server.address}"
`);
  writeFileSync(file, `
[proxy]
workers = 1
admin = ""

[work]
unit = "1ms"
types = { video = "V", picture = "P", music = "M" }
${keys.work ?? ''}

[cost.video]
video = 1
picture = 1
music = 1

[[listener]]
name = "media"
bind = "127.0.0.1:0"
pool = "media"
${keys.listener ?? ''}

[pool.media]
${keys.pool ?? ''}
${listed.join('')}`);
  const program = new Program('finishline', 'run', '-c', file, '--log-level', 'debug');
  t.after(async () => {
    await program.end();
    rmSync(folder, { recursive: true });
  });
  program.address = (await program.says(/listening listener=media address=(\S+)/))[1];
  if (keys.up ?? true) {
    for (const number of servers.keys()) await program.says(new RegExp(`link_up[^\\n]*server=server-${number}\\b`));
  }
  return program;
}
