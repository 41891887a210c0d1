// The page's modules outside a browser: a copy in a folder that says they are modules, and as much of a browser as they
// touch when they are loaded.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const room = new URL('../../lb/page/', import.meta.url);

const copy = mkdtempSync(join(tmpdir(), 'finishline-page.'));
cpSync(room, copy, { recursive: true });
writeFileSync(join(copy, 'package.json'), '{"type": "module"}');
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));

globalThis.location = { hash: '' };
globalThis.addEventListener = () => {};
globalThis.matchMedia = () => ({ matches: false, addEventListener() {} });

export const load = (name) => import(pathToFileURL(join(copy, name)));
