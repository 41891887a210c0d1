// A server for tests: worker.js ADDRESS gives bodies back, and does a unit of work in a millisecond.
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '../index.js';

const server = new Server(process.argv[2], { slots: 2, log: () => {} });
server.handles(['video', 'picture', 'music'], async ({ length, body, signal }) => {
  await sleep(length, undefined, { signal });
  return body;
});
const finished = server.run();
while (server.address === '') await sleep(1);
console.log(`listening on ${server.address}`);
process.exit((await finished) ? 0 : 1);
