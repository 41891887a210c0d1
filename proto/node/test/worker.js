// A server for tests: worker.js ADDRESS [MS] gives bodies back, and does a unit of work in 1 ms, or so many. Also of the
// matrix of proto/python/tests/test_interop.py.
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '../index.js';

const [, , address, msPerUnit = 1] = process.argv;
const server = new Server(address, { slots: 2, log: () => {} });
server.handles(['video', 'picture', 'music'], async ({ length, body, signal }) => {
  await sleep(length * msPerUnit, undefined, { signal });
  return body;
});
const finished = server.run();
while (server.address === '') await sleep(1);
console.log(`listening on ${server.address}`);
process.exit((await finished) ? 0 : 1);
