// A browser of the test's own: Debian's chromium, driven over WebDriver by its chromedriver. Nothing but Node.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const is_there = ['/usr/bin/chromium', '/usr/bin/chromedriver'].every(existsSync);

// Whatever happens, it is gone after so many seconds.
const patience_s = 240;

const port_of = (driver) =>
  new Promise((resolve, reject) => {
    driver.stdout.on('data', (text) => {
      const found = /successfully on port (\d+)/.exec(text);
      if (found) resolve(Number(found[1]));
    });
    driver.on('exit', () => reject(new Error('chromedriver does not start')));
  });

const capabilities = (home) => ({
  alwaysMatch: {
    browserName: 'chrome',
    'goog:loggingPrefs': { browser: 'ALL' },
    'goog:chromeOptions': {
      binary: '/usr/bin/chromium',
      args: ['--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', `--user-data-dir=${home}`],
    },
  },
});

// One page. `run` gives what this text of code returns there.
class Page {
  constructor(driver, url, home) {
    Object.assign(this, { driver, url, home });
  }
  async ask(method, path, body) {
    const reply = await fetch(this.url + path, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(30000) });
    const { value } = await reply.json();
    if (!reply.ok) throw new Error(`${path}: ${value.message}`);
    return value;
  }
  go = (to) => this.ask('POST', '/url', { url: to });
  run = (code, ...args) => this.ask('POST', '/execute/sync', { script: code, args });
  cdp = (cmd, params) => this.ask('POST', '/goog/cdp/execute', { cmd, params });
  // Errors of the console since the last question.
  errors = async () => (await this.ask('POST', '/se/log', { type: 'browser' })).filter((it) => it.level === 'SEVERE').map((it) => it.message);
  async press(...keys) {
    const actions = keys.flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
    await this.ask('POST', '/actions', { actions: [{ type: 'key', id: 'keys', actions }] });
  }
  // Waits until the code returns something, and returns that.
  async until(code, ...args) {
    for (let i = 0; i < 150; ++i) {
      const value = await this.run(code, ...args);
      if (value) return value;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`in vain: ${code} ${JSON.stringify(args)}; there is: ${await this.run('return document.body.innerText.slice(0, 1500)')}`);
  }
  shows = (words) => this.until('return document.body.innerText.includes(arguments[0])', words);
  // Clicks where a user would: the element that has these words, or this name.
  async click(selector, words = '') {
    await this.until(
      `const it = [...document.querySelectorAll(arguments[0])].find((e) => e.textContent.includes(arguments[1]) && e.offsetParent && !e.disabled);
       if (it) it.scrollIntoView({ block: 'center' }), it.click();
       return !!it`,
      selector,
      words,
    );
  }
  // Types into a field as a user would, so that the page hears of it.
  async fill(selector, text) {
    await this.until('const it = document.querySelector(arguments[0]); if (it) it.focus(), it.select(); return !!it', selector);
    await this.press(...text);
  }
  size = (width, height) =>
    this.cdp('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  // Told until the page has taken it: a browser that is busy may drop what it was told, or not tell the page of
  // it. What it knows already it does not look at, so it is told otherwise first.
  async likes(theme) {
    const tell = (value) => this.cdp('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    for (let n = 0; n < 100; ++n) {
      if (await this.run('return document.documentElement.dataset.theme === arguments[0]', theme)) return;
      if (n % 10 === 0) await tell(theme === 'dark' ? 'light' : 'dark');
      await tell(theme);
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`the page never took the ${theme} theme`);
  }
  async close() {
    await this.ask('DELETE', '').catch(() => {});
    this.driver.kill();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function open_browser() {
  const home = mkdtempSync(join(tmpdir(), 'finishline-browser.'));
  const driver = spawn('timeout', ['-k', '5', String(patience_s), 'chromedriver', '--port=0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const root = `http://127.0.0.1:${await port_of(driver)}/session`;
  const page = new Page(driver, root, home);
  const { sessionId } = await page.ask('POST', '', { capabilities: capabilities(home) });
  page.url = `${root}/${sessionId}`;
  return page;
}
