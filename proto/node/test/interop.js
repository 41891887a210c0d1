// One client for the matrix of proto/python/tests/test_interop.py: interop.js HOST:PORT sends requests of all types and
// sizes and ends with 0 when each got its own body back.
import { Client } from '../index.js';

const client = new Client(process.argv[2], { timeoutMs: 20_000 });
const sizes = [1, 31, 32, 33, 1000, 65535, 65536];
const calls = Array.from({ length: 210 }, (_, n) => ({
  type: ['video', 'picture', 'music'][n % 3],
  length: n % 10,
  body: Buffer.alloc(sizes[n % sizes.length], `${n},`),
  deadlineMs: n % 2 ? 20_000 : undefined,
  retryable: n % 4 < 2,
}));
const replies = await client.callMany(calls, { window: 32 });
await client.ping();
await client.close();
process.exitCode = replies.every(({ body }, n) => body.equals(calls[n].body)) ? 0 : 1;
