// The dashboard in a real browser, on a proxy that works: what an operator sees and does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { is_there, open_browser } from './browser.mjs';
import { play_scene, token } from './scene.mjs';

const views = ['overview', 'finish', 'topology', 'traffic', 'pools', 'servers', 'alerts', 'history', 'forecast', 'settings'];
const skip = is_there ? false : 'there is no chromium with its chromedriver';
let scene, page;

before(async () => {
  if (skip) return;
  scene = await play_scene();
  page = await open_browser();
  await page.size(1400, 1000);
  await page.go(scene.url);
});
after(async () => {
  await page?.close();
  await scene?.end_all();
});

const view = async (name) => {
  await page.run('location.hash = arguments[0]', `#/${name}`);
  await page.until(`return document.querySelector('#tab-${name}')?.getAttribute('aria-selected') === 'true'`);
};
// Waits until the row of a server in the table has these words.
const row_shows = (name, words) =>
  page.until(
    `const row = [...document.querySelectorAll('.servers tbody tr')].find((r) => r.querySelector('th')?.textContent.trim() === arguments[0]);
     return row?.innerText.includes(arguments[1])`,
    name,
    words,
  );

test('it shows the work that is done', { skip }, async () => {
  await page.until("return /\\d/.test(document.querySelector('.sentence-words')?.textContent || '')");
  await view('servers');
  for (const name of ['video-1', 'video-2', 'music-1']) await row_shows(name, 'up');
});

test('a server that is killed is shown red within seconds, with its alert, and green when it is back', { skip }, async () => {
  await view('servers');
  const killed = Date.now();
  await scene.end('video-2');
  await row_shows('video-2', 'down');
  const style = `const cell = [...document.querySelectorAll('.servers tbody tr')].find((r) => r.textContent.includes(arguments[0])).querySelector('.state svg, .state');
    return getComputedStyle(cell).color + getComputedStyle(cell).fill`;
  const [sick, well] = [await page.run(style, 'video-2'), await page.run(style, 'video-1')];
  assert.notEqual(sick, well);
  await view('overview');
  await page.until("return document.querySelector('.alert-line')?.textContent.includes('video-2')");
  console.log(`# seen, with its alert, ${((Date.now() - killed) / 1000).toFixed(1)} s after the kill`);
  scene.start_server('video-2');
  await view('servers');
  await row_shows('video-2', 'up');
  await view('overview');
  await page.until("const tiles = document.querySelector('.tiles'); return tiles && !document.querySelector('.alert-line')?.textContent.includes('video-2')");
});

test('who signs in may change', { skip }, async () => {
  await view('settings');
  await page.fill('.sign-in input', token);
  await page.click('.sign-in button', 'Sign in');
  await page.shows('may do everything');
});

test('a policy is switched by a click and a word, and the workers follow', { skip }, async () => {
  await view('pools');
  await page.click('button', 'Switch media to regret');
  await page.shows('from the next request on it chooses by regret');
  await page.click('dialog button', 'Switch to regret');
  await page.until("return !document.querySelector('dialog[open]')");
  for (let i = 0; ; ++i) {
    const pool = await scene.api('/pools/media');
    if (pool.policy === 'regret') break;
    assert.ok(i < 50, 'the workers do not follow');
    await new Promise((done) => setTimeout(done, 100));
  }
  await page.until("return document.querySelectorAll('.decisions tbody tr').length > 0");
});

test('a server is drained and given work again', { skip }, async () => {
  await view('servers');
  await page.click('.servers button', 'Drain video-1');
  await page.click('dialog button', 'Drain');
  await row_shows('video-1', 'draining');
  await row_shows('video-1', 'nothing left');
  await page.click('.servers button', 'Undrain video-1');
  await page.click('dialog button', 'Undrain');
  await row_shows('video-1', 'up');
});

test('a server is added, changed and removed', { skip }, async () => {
  await view('servers');
  await page.click('.add-server summary');
  await page.fill('.add-server [name=name]', 'video-9');
  await page.fill('.add-server [name=address]', `127.0.0.1:${scene.ports['video-9']}`);
  await page.click('.add-server button', 'Add');
  await page.click('dialog button', 'Add it');
  await row_shows('video-9', 'up');
  await page.click('.servers a', 'video-9');
  await page.fill('form.weight [name=weight]', '3');
  await page.click('form.weight button', 'Set');
  await page.click('dialog button', 'Change');
  await page.until("return !document.querySelector('dialog[open]')");
  assert.equal((await scene.api('/changes')).changes.added['video-9'].weight, 3);
  await page.click('.details-top button.danger', 'Remove');
  await page.click('dialog button', 'Remove it');
  await page.until("return !document.querySelector('.servers').textContent.includes('video-9')");
});

test('without a database of countries it is said how to get one', { skip }, async () => {
  await view('traffic');
  await page.shows('127.0.0.0/24');
  await page.shows('proxy.geo_database names no file');
});

test('scaling is told by type, with why and what was decided', { skip }, async () => {
  await view('pools');
  await page.click('.choice button', 'spare');
  await page.shows('above 70 % servers are added');
  const cells = "[...document.querySelectorAll('section[aria-labelledby=h-scaling] tbody td')].map((e) => e.textContent.trim())";
  await page.until(`return ${cells}[1] === '1'`);
  assert.deepEqual((await page.run(`return ${cells}`)).slice(0, 6), ['1', '1', '0', '0', '0', '1 .. 3']);
  await page.shows('Nothing has been decided since');
});

// A wave a day with some noise, in steps of an hour; one hour is odd.
const csv_of = (days, odd) =>
  'time,value\n' +
  Array.from({ length: 24 * days }, (_, at) => {
    const noise = ((at * 7919) % 101) / 10;
    return `${1780000000 + 3600 * at},${at === odd ? 900 : (100 + 60 * Math.sin((at * Math.PI) / 12) + noise).toFixed(2)}`;
  }).join('\n');

const give_file = `const files = new DataTransfer();
  files.items.add(new File([arguments[0]], 'load.csv'));
  const input = document.querySelector('.upload input');
  input.files = files.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));`;

test('a forecast stands beside the naive one with the errors of both, and says what was odd', { skip }, async () => {
  await view('forecast');
  await page.shows('Too little past');
  await page.run(give_file, csv_of(14, 200));
  await page.shows('1 odd point in the past');
  const said = await page.until("return [...document.querySelectorAll('p')].map((p) => p.textContent).find((t) => t.includes('was off by'))");
  assert.match(said, /tried at \d+ moments, .* was off by .*, naive-\w+ by .* % (better|worse)/);
  const legend = await page.run("return [...document.querySelectorAll('figure[aria-label^=Forecast] .legend li')].map((e) => e.textContent.trim())");
  assert.ok(legend.some((it) => it.startsWith('naive')), JSON.stringify(legend));
});

// Contrast of text with what is behind it, as WCAG counts it: everything that is below what it has to be.
const too_pale = `
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0.99) return c; } return [255, 255, 255]; };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !e.offsetParent || e.closest('.sr, [disabled], svg, script, noscript, option')) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(style.color)), light(behind(e))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) found.push(node.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2) + ' ' + style.color);
  }
  return [...new Set(found)]`;

test('text can be read in light and in dark, in every view', { skip }, async () => {
  const grounds = [];
  for (const theme of ['light', 'dark']) {
    for (const name of views) {
      await view(name);
      await page.likes(theme);
      assert.deepEqual(await page.run(too_pale), [], `${theme} ${name}`);
    }
    grounds.push(await page.run('return getComputedStyle(document.body).backgroundColor'));
  }
  assert.notEqual(grounds[0], grounds[1]);
  await page.likes('light');
});

const nameless = `
  const named = (e) => (e.getAttribute('aria-label') || e.textContent || e.title || e.getAttribute('alt') || '').trim()
    || [...(e.labels || [])].some((l) => l.textContent.trim())
    || (e.getAttribute('aria-labelledby') || '').split(' ').some((id) => document.getElementById(id)?.textContent.trim());
  return [...document.querySelectorAll('button, a[href], input, select, [role=tab], dialog, table, canvas, svg:not([aria-hidden=true])')]
    .filter((e) => (e.offsetParent || e.tagName === 'svg') && !e.closest('[aria-hidden=true]') && !named(e) && !e.querySelector('title, caption')).map((e) => e.outerHTML.slice(0, 120))`;

test('everything that can be used has a name, and the parts have roles', { skip }, async () => {
  for (const name of views) {
    await view(name);
    assert.deepEqual(await page.run(nameless), [], name);
    assert.equal(await page.run("return document.querySelectorAll('main, [role=tablist], [role=tabpanel], h1').length"), 4, name);
    assert.equal(await page.run("const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); return ids.length - new Set(ids).size"), 0, `${name}: an id is there twice`);
  }
});

test('the keyboard reaches what can be used, in the order of the page, and it is seen where it is', { skip }, async () => {
  await view('servers');
  await page.run('document.activeElement.blur(); window.scrollTo(0, 0)');
  const seen = [];
  for (let i = 0; i < 14; ++i) {
    await page.press('\uE004');
    seen.push(await page.run(`const e = document.activeElement, s = getComputedStyle(e);
      return { what: (e.getAttribute('aria-label') || e.textContent || e.name || e.tagName).trim().slice(0, 30), y: e.getBoundingClientRect().top + scrollY,
               marked: s.outlineStyle !== 'none' || s.boxShadow !== 'none', body: e === document.body }`));
  }
  const inside = seen.filter((it) => !it.body);
  assert.ok(inside.length >= 10, JSON.stringify(seen));
  assert.ok(inside.every((it) => it.marked), JSON.stringify(inside.filter((it) => !it.marked)));
  assert.ok(new Set(inside.map((it) => it.what)).size >= 6, JSON.stringify(inside));
  await page.press('1');
  await page.until("return location.hash.startsWith('#/overview')");
});

test('nothing stands over the edge of a phone', { skip }, async () => {
  await page.size(390, 844);
  for (const name of views) {
    await view(name);
    const wide = await page.run('return document.documentElement.scrollWidth - innerWidth');
    assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
  }
  await page.size(1400, 1000);
});

test('the console has no error', { skip }, async () => {
  assert.deepEqual(await page.errors(), []);
});
