// Names and addresses as people write them.

export const SEED_TYPES = Object.freeze({ video: 'V', picture: 'P', music: 'M' });

// codeOf: the byte that stands for a type on the wire; a single letter stands for itself. Throws RangeError, with the
// remedy, for a name that `types` does not have.
export function codeOf(type, types) {
  const letter = Object.hasOwn(types, type) ? types[type] : type;
  if (typeof letter === 'string' && /^[A-Za-z]$/.test(letter)) return letter.charCodeAt(0);
  const known = Object.keys(types).join(', ') || 'none';
  throw new RangeError(
    `unknown request type '${type}': known are ${known}; name others as [work] types of the proxy does, ` +
      `types: { '${type}': 'X' }`,
  );
}

const MAX_PATH = 107; // bytes of the path of a Unix socket

// targetOf: { host, port } of "HOST:PORT" or "[IPV6]:PORT", { path } of "unix:/PATH". Throws RangeError for anything else.
export function targetOf(address) {
  if (String(address).startsWith('unix:')) return { path: pathOf(address) };
  const found = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address);
  const port = Number(found?.[3]);
  if (found === null || port > 65535) {
    throw new RangeError(`'${address}' is no address: write HOST:PORT, as 127.0.0.1:9000 or [::1]:9000, or unix:/PATH`);
  }
  return { host: found[1] ?? found[2], port };
}

function pathOf(address) {
  const path = address.slice('unix:'.length);
  if (!path.startsWith('/') || path.endsWith('/') || Buffer.byteLength(path) > MAX_PATH) {
    throw new RangeError(`'${address}' is no address: write unix: and an absolute path of at most ${MAX_PATH} bytes`);
  }
  return path;
}
