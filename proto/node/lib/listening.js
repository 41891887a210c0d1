// Where a server listens: at TCP, or at a file that is made where nobody listens.
import { chmod, lstat, unlink } from 'node:fs/promises';
import net from 'node:net';

// listenAt: returns the address in words. The file of a Unix socket has mode 0660; one that an earlier process has left
// is replaced. Throws what the kernel says.
export async function listenAt(listener, target) {
  if (target.path !== undefined && (await isStale(target.path))) await unlink(target.path);
  await new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ ...target, backlog: 512 }, resolve);
  });
  if (target.path !== undefined) {
    await chmod(target.path, 0o660);
    return `unix:${target.path}`;
  }
  const { address, family, port } = listener.address();
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

// Whether a socket is there at which nobody listens.
async function isStale(path) {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket()) return false;
  return new Promise((resolve) => {
    const probe = net.connect({ path }, () => resolve(false));
    probe.on('error', ({ code }) => resolve(code === 'ECONNREFUSED'));
    probe.on('close', () => probe.destroy());
    probe.on('connect', () => probe.destroy());
  });
}
