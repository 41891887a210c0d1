// A proxy at work: three servers, steady load, an admin token; all on ports that the kernel chose.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const bin = resolve(process.env.BIN || 'build/bin');
export const token = 'a-token-for-the-browser';

const free_port = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Scene {
  processes = new Map();
  ports = {};

  start(name, program, ...args) {
    const child = spawn(join(bin, program), args, { stdio: 'ignore' });
    this.processes.set(name, child);
  }
  end(name, signal = 'SIGKILL') {
    const child = this.processes.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((done) => (child.on('exit', done), child.kill(signal)));
  }
  start_server(name) {
    this.start(name, 'finishline-server', '--type', name.split('-')[0], '--unit', '2ms', '--listen', `127.0.0.1:${this.ports[name]}`);
  }
  config() {
    const servers = ['video-1', 'video-2', 'music-1'].map(
      (name) => `[[server]]\nname = "${name}"\npool = "media"\ntype = "${name.split('-')[0]}"\naddress = "127.0.0.1:${this.ports[name]}"\n`,
    );
    return `[proxy]\nworkers = 2\nadmin = "127.0.0.1:${this.ports.admin}"\nadmin_token_file = "${this.home}/token"\nstate_dir = "${this.home}/state"
[work]\nunit = "2ms"\n[[listener]]\nname = "media"\nbind = "127.0.0.1:${this.ports.listen}"\npool = "media"
[pool.media]\ncheck_interval = "500ms"\n${servers.join('')}
[[listener]]\nname = "spare"\nbind = "127.0.0.1:${this.ports.spare}"\npool = "spare"
[pool.spare.scale]\n[pool.spare.scale.video]\ncommand = "${bin}/finishline-server --type {type} --listen {address}"\nmin = 1\nmax = 3\n`;
  }
  async api(path, options = {}) {
    const reply = await fetch(`${this.url}/api/v1${path}`, options);
    return reply.json();
  }
  async end_all() {
    for (const name of [...this.processes.keys()].reverse()) await this.end(name, 'SIGTERM');
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function play_scene() {
  const scene = new Scene();
  scene.home = mkdtempSync(join(tmpdir(), 'finishline-scene.'));
  for (const name of ['admin', 'listen', 'spare', 'video-1', 'video-2', 'music-1', 'video-9']) scene.ports[name] = await free_port();
  scene.url = `http://127.0.0.1:${scene.ports.admin}`;
  writeFileSync(join(scene.home, 'token'), `${token}\n`);
  chmodSync(join(scene.home, 'token'), 0o600);
  mkdirSync(join(scene.home, 'state'));
  const file = join(scene.home, 'finishline.toml');
  writeFileSync(file, scene.config());
  for (const name of ['video-1', 'video-2', 'music-1', 'video-9']) scene.start_server(name);
  scene.start('proxy', 'finishline', 'run', '-c', file);
  for (let i = 0; i < 100; ++i) {
    const ready = await fetch(`${scene.url}/readyz`).catch(() => null);
    if (ready?.ok) break;
    await pause(100);
  }
  scene.start('client', 'finishline-client', '--connect', `127.0.0.1:${scene.ports.listen}`, '--duration', '300s', '--rate', '60');
  return scene;
}
