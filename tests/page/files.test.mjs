// What a browser is given: complete, small, strict, and alone in the world.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { room } from './modules.mjs';

const read = (name) => readFileSync(new URL(name, room), 'utf8');
const own = readdirSync(room).filter((name) => /\.(js|css|html|svg)$/.test(name));
const vendored = readdirSync(new URL('vendor/', room)).filter((name) => /\.(js|css)$/.test(name)).map((name) => `vendor/${name}`);
const scripts = own.filter((name) => name.endsWith('.js'));
const index = read('index.html');

test('all that is named is there, and all modules are asked for at once', () => {
  for (const [, name] of index.matchAll(/(?:href|src)="([^"]+)"/g)) if (!name.startsWith('api/')) assert.ok(existsSync(new URL(name, room)), name);
  for (const name of scripts) assert.ok(index.includes(`"${name}"`), `index.html does not name ${name}`);
  for (const name of scripts)
    for (const [, from] of read(name).matchAll(/from "\.\/([^"]+)"/g)) assert.ok(existsSync(new URL(from, room)), `${name}: ${from}`);
});

test('what is imported is exported', () => {
  const exported = (name) => [...read(name).matchAll(/export (?:async )?(?:const|let|function|class) (\w+)/g)].map((m) => m[1]);
  for (const name of scripts)
    for (const [, list, from] of read(name).matchAll(/import \{([^}]*)\} from "\.\/([^/"]+)"/g))
      for (const word of list.split(',')) assert.ok(exported(from).includes(word.trim()), `${name}: ${word} of ${from}`);
});

test('a strict content security policy is obeyed: no code and no style in markup', () => {
  assert.doesNotMatch(index, /<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/);
  for (const name of scripts) assert.doesNotMatch(read(name), /\beval\(|new Function|\sstyle="|innerHTML|document\.write/, name);
});

test('nothing is fetched from anywhere else', () => {
  for (const name of own) assert.doesNotMatch(read(name).replace('http://www.w3.org/2000/svg', ''), /https?:|"\/\//, name);
});

test('each vendored file has its licence', () => {
  for (const name of vendored.filter((n) => n.endsWith('.js'))) assert.ok(existsSync(new URL(name.replace('.js', '.LICENSE'), room)), name);
});

test('the page is 150 KB at most as it is sent, and no file has 400 lines', () => {
  const sent = [...own, ...vendored].reduce((sum, name) => sum + gzipSync(read(name)).length, 0);
  assert.ok(sent < 150 * 1024, `${sent} bytes`);
  for (const name of own) assert.ok(read(name).split('\n').length <= 400, name);
});

test('no tick takes away what is being typed: fields are given their first value only, but for filters', () => {
  for (const name of scripts)
    for (const [field] of read(name).matchAll(/<input\b[^>]*>/g)) if (!field.includes('onInput')) assert.doesNotMatch(field, /\s(value|checked)=\$/, name);
});
