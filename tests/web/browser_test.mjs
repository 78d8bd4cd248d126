#!/usr/bin/env node
// The pages in Debian's Chromium: every page, in three languages, light and dark, at three widths. Nothing that a hostile
// name holds may run or load; nothing may be wider than a small telephone; everything can be reached by keyboard and
// works without JavaScript; axe finds no breach of WCAG 2.2 AA.
//
//   browser_test.mjs --server FILE | --url ADDRESS  [--token TOKEN] [--modules DIR] [--chromium FILE]
//                    [--screenshots DIR] [--sample NAME] [--only TEXT]
//
// --server starts tests/web/page_server.cc, with sample figures full of hostile names; --url looks at a running vouchd.
// Exit status 77 when Chromium or an npm package is not there (tools/web_tests.sh installs them).
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SKIPPED = 77;
const PATHS = ['/', '/check', '/problems', '/operator', '/adoption', '/status', '/privacy'];
const LANGUAGES = ['en', 'es', 'pt-BR'];
const SCHEMES = ['light', 'dark'];
const WIDTHS = [320, 390, 1280];  // the least that WCAG 1.4.10 asks for, a telephone, a laptop
const OUTER_WIDTHS = [320, 1280];
// Of tests/web/sample_figures.h: those that are looked at from all sides, and those of which one sight says enough.
const THOROUGH = ['rich', 'hostile'];
const BRIEF = ['fresh', 'observing', 'off', 'troubled'];
const AXE_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const CHROMIUM_FLAGS = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-proxy-server'];
// What a visitor may type, and what a name may be made of.
const HOSTILE = ['<script>document.title="ran"</script>', '"><img src=x onerror=document.title="ran">', "'\"`<>&",
  '\u202Egro.elpmaxe', 'a'.repeat(300), '{{7*7}}${7*7}', 'javascript:alert(1)', '</title></textarea></style><svg onload=alert(1)>',
  'www.example.org', 'https://www.example.org/path?x=y', 'españa.es', '192.0.2.1', '..'];
const PATIENCE = 20_000;  // milliseconds; only a failing test waits this long

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    server: { type: 'string' }, url: { type: 'string' }, token: { type: 'string' }, modules: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, screenshots: { type: 'string' },
    sample: { type: 'string' }, only: { type: 'string', default: '' },
  },
});

let passed = 0;
const failures = [];
function expect(holds, where, what) {
  if (holds) {
    passed += 1;
  } else {
    failures.push(`${where}: ${what}`);
    console.log(`FAILED ${where}: ${what}`);
  }
}

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(SKIPPED);
}

// The npm packages, from where tools/web_tests.sh puts them.
function packages() {
  for (const folder of [options.modules, here, join(here, '../../build/web')]) {
    if (!folder || !existsSync(join(folder, 'node_modules/playwright-core'))) { continue; }
    const require = createRequire(join(resolve(folder), 'x.js'));
    return { playwright: require('playwright-core'), axe: readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8') };
  }
  return skip('the npm packages are not installed (tools/web_tests.sh does it)');
}

// Starts the page server; what it prints first is its address.
async function startServer(sample) {
  const token = options.token ? ['--token', options.token] : [];
  const child = spawn(options.server, ['--sample', sample, ...token], { stdio: ['pipe', 'pipe', 'inherit'] });
  const address = await new Promise((done, failed) => {
    let text = '';
    child.stdout.on('data', (some) => {
      text += some;
      if (text.includes('\n')) { done(text.split('\n')[0].trim()); }
    });
    child.on('error', failed);
    child.on('exit', (status) => failed(new Error(`the page server ended with ${status}`)));
  });
  child.removeAllListeners('exit');
  return { address, stop: () => child.stdin.end() };
}

// A page of a fresh profile in which everything that must not happen is a failure.
async function openPage(browser, base, where, settings = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 }, serviceWorkers: 'block',
    ...(options.token ? { httpCredentials: { username: 'operator', password: options.token, send: 'always' } } : {}),
    ...settings,
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  let allowed = new Set();  // statuses that are expected, and that Chromium reports on its console as errors
  page.on('console', (message) => {
    const isStatus = [...allowed].some((status) => message.text().includes(`status of ${status}`));
    if (['error', 'warning'].includes(message.type()) && !isStatus) { expect(false, where, `console: ${message.text()}`); }
  });
  page.on('pageerror', (error) => expect(false, where, `script error: ${error}`));
  page.on('dialog', (dialog) => {
    expect(false, where, `a dialog opened: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('request', (request) => {
    const address = new URL(request.url());
    expect(address.origin === base || address.protocol === 'data:', where, `it loads ${request.url()}`);
  });
  const go = async (path, statuses = [200]) => {
    allowed = new Set(statuses);
    const response = await page.goto(base + path, { waitUntil: 'load' });
    expect(statuses.includes(response.status()), where, `status ${response.status()} for ${path}`);
    return response;
  };
  return { page, go, close: () => context.close() };
}

// How the document is made: the one language, no script but our own files, no handler and no style in the markup.
async function checkDocument(page, where, language) {
  const found = await page.evaluate(() => ({
    language: document.documentElement.lang,
    title: document.title,
    headings: document.querySelectorAll('h1').length,
    mains: document.querySelectorAll('main').length,
    foreignScripts: [...document.scripts].filter((script) => !script.src || new URL(script.src).origin !== location.origin).length,
    handlers: [...document.querySelectorAll('*')].filter((element) => [...element.attributes].some(
      (attribute) => attribute.name.startsWith('on') || attribute.name === 'style')).map((element) => element.outerHTML.slice(0, 120)),
    badLinks: [...document.querySelectorAll('[href],[src],[action]')].map(
      (element) => element.getAttribute('href') ?? element.getAttribute('src') ?? element.getAttribute('action'))
      .filter((address) => /^\s*(javascript|data|vbscript):/i.test(address)),
  }));
  expect(found.language.toLowerCase() === language.toLowerCase(), where, `lang is ${found.language}`);
  expect(found.title !== '' && found.title !== 'ran', where, `title is "${found.title}"`);
  expect(found.headings === 1, where, `${found.headings} first headings`);
  expect(found.mains === 1, where, `${found.mains} main elements`);
  expect(found.foreignScripts === 0, where, 'a script that is not a file of ours');
  expect(found.handlers.length === 0, where, `handlers or styles in the markup: ${found.handlers}`);
  expect(found.badLinks.length === 0, where, `links that would run: ${found.badLinks}`);
}

async function checkWidth(page, where) {
  const found = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth, room: document.documentElement.clientWidth,
    culprits: [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .slice(0, 3).map((element) => element.outerHTML.slice(0, 100)),
  }));
  expect(found.wide <= found.room, where, `${found.wide} px wide in ${found.room}: ${found.culprits.join(' | ')}`);
}

async function checkAccessibility(page, where, axe) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async (tags) => {
    const result = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return result.violations.map((one) => `${one.id} (${one.impact}): ${one.help}: ${one.nodes.slice(0, 3).map(
      (node) => `${node.target} ${node.failureSummary ?? ''}`).join(' | ')}`);
  }, AXE_RULES);
  expect(violations.length === 0, where, `axe: ${violations.join('\n    ')}`);
}

// Tab goes to every control, in turn, and each shows that it has the focus.
async function checkKeyboard(page, where) {
  const controls = await page.evaluate(() => {
    const all = [...document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex]')].filter(
      (element) => !element.disabled && element.tabIndex >= 0 && element.type !== 'hidden' && element.checkVisibility());
    all.forEach((element, at) => { element.vouchNumber = at; });
    return all.map((element) => element.outerHTML.slice(0, 80));
  });
  const reached = new Set();
  for (let presses = 0; presses < controls.length + 5; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      const shows = (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none';
      return { number: element.vouchNumber ?? null, shows, what: element.outerHTML.slice(0, 80) };
    });
    if (at.number === null) { continue; }
    if (!reached.has(at.number)) { expect(at.shows, where, `focus is not shown on ${at.what}`); }
    reached.add(at.number);
  }
  const missed = controls.filter((_, at) => !reached.has(at));
  expect(missed.length === 0, where, `not reached by keyboard: ${missed.join(' | ')}`);
}

async function takePicture(page, sample, path, language, scheme, width) {
  if (!options.screenshots) { return; }
  const name = `${sample}-${path === '/' ? 'home' : path.slice(1).replaceAll(/[^a-z]+/g, '-')}-${language}-${scheme}-${width}.png`;
  await page.screenshot({ path: join(options.screenshots, name), fullPage: true });
}

// axe takes half a second: what differs by nothing that it looks at is left out.
function isJudged(sample, language, colorScheme, width) {
  if (sample === 'hostile') { return language === 'en' && colorScheme === 'light' && width === 320; }
  return width === 320 || (width === 1280 && language === 'en');
}

async function checkEverySight(browser, base, axe, sample, isThorough) {
  for (const path of PATHS) {
    for (const language of isThorough ? LANGUAGES : ['es']) {
      for (const colorScheme of isThorough ? SCHEMES : ['light']) {
        for (const width of isThorough ? WIDTHS : [320]) {
          const where = `${sample} ${path} ${language} ${colorScheme} ${width}px`;
          if (!where.includes(options.only)) { continue; }
          const { page, go, close } = await openPage(browser, base, where, { viewport: { width, height: 800 }, colorScheme });
          const response = await go(`${path}?lang=${language}`);
          expect((response.headers()['content-security-policy'] ?? '').includes("default-src 'none'"), where, 'no policy');
          await checkDocument(page, where, language);
          await checkWidth(page, where);
          if (isJudged(sample, language, colorScheme, width)) { await checkAccessibility(page, where, axe); }
          await takePicture(page, sample, path, language, colorScheme, width);
          await close();
        }
      }
    }
  }
}

async function checkKeyboardEverywhere(browser, base) {
  for (const path of PATHS) {
    for (const width of OUTER_WIDTHS) {
      const where = `${path} by keyboard ${width}px`;
      if (!where.includes(options.only)) { continue; }
      const { page, go, close } = await openPage(browser, base, where, { viewport: { width, height: 800 } });
      await go(path);
      await checkKeyboard(page, where);
      await close();
    }
  }
}

// The language of the browser, and of the link to another one.
async function checkLanguages(browser, base) {
  for (const language of LANGUAGES) {
    const where = `a browser that speaks ${language}`;
    const { page, go, close } = await openPage(browser, base, where, { locale: language });
    await go('/');
    const spoken = await page.evaluate(() => document.documentElement.lang);
    expect(spoken.toLowerCase() === language.toLowerCase(), where, `it was spoken to in ${spoken}`);
    await close();
  }
}

async function checkWithoutScript(browser, base) {
  for (const path of PATHS) {
    const where = `${path} without JavaScript`;
    const { page, go, close } = await openPage(browser, base, where, { javaScriptEnabled: false });
    await go(path);
    const words = (await page.locator('main').innerText()).trim().length;
    expect(words > 40, where, `its main part has ${words} characters`);
    await close();
  }
  const where = 'the form without JavaScript';
  const { page, go, close } = await openPage(browser, base, where, { javaScriptEnabled: false });
  await go('/check');
  await page.locator('input[name=name]').fill('www.example.org');
  await Promise.all([page.waitForURL(/name=/), page.locator('input[name=name]').press('Enter')]);
  expect((await page.locator('main').innerText()).includes('www.example.org'), where, 'it does not tell what was asked');
  await close();
}

async function checkHostileInput(browser, base, axe) {
  for (const typed of HOSTILE) {
    for (const width of OUTER_WIDTHS) {
      const where = `/check of ${JSON.stringify(typed.slice(0, 40))} ${width}px`;
      const { page, go, close } = await openPage(browser, base, where, { viewport: { width, height: 800 } });
      await go('/check');
      await page.locator('input[name=name]').evaluate((input, text) => {
        input.removeAttribute('maxlength');
        input.removeAttribute('pattern');
        input.value = text;
      }, typed);
      await go(`/check?name=${encodeURIComponent(typed)}&lang=en`, [200, 400, 503]);
      await checkDocument(page, where, 'en');
      await checkWidth(page, where);
      if (width === 320) { await checkAccessibility(page, where, axe); }
      await takePicture(page, 'typed', `/check-${'abcdefghijklmnopqrstuvwxyz'[HOSTILE.indexOf(typed)]}`, 'en', 'light', width);
      await close();
    }
  }
}

async function checkProblems(browser, base, axe) {
  const where = 'what is not there';
  const { page, go, close } = await openPage(browser, base, where, { viewport: { width: 320, height: 800 } });
  await go('/%3Cscript%3Ealert(1)%3C/script%3E?lang=es', [404]);
  await checkDocument(page, where, 'es');
  await checkWidth(page, where);
  await checkAccessibility(page, where, axe);
  await close();
}

async function checkServer(browser, base, axe, sample) {
  const isThorough = !BRIEF.includes(sample);
  await checkEverySight(browser, base, axe, sample, isThorough);
  if (!isThorough) { return; }
  await checkKeyboardEverywhere(browser, base);
  if (options.only !== '') { return; }
  await checkLanguages(browser, base);
  await checkWithoutScript(browser, base);
  await checkHostileInput(browser, base, axe);
  await checkProblems(browser, base, axe);
}

async function main() {
  if (!options.server === !options.url) { throw new Error('give one of --server and --url'); }
  if (!existsSync(options.chromium)) { skip(`${options.chromium} is not there`); }
  const { playwright, axe } = packages();
  if (options.screenshots) { mkdirSync(options.screenshots, { recursive: true }); }
  const home = mkdtempSync(join(tmpdir(), 'vouch-web-'));  // Chromium writes below it, never into the user's own
  const sandbox = process.getuid() === 0 ? ['--no-sandbox'] : [];
  const browser = await playwright.chromium.launch({
    executablePath: options.chromium, args: [...CHROMIUM_FLAGS, ...sandbox], env: { ...process.env, HOME: home },
  });
  try {
    if (options.url) { await checkServer(browser, new URL(options.url).origin, axe, 'live'); }
    for (const sample of options.url ? [] : options.sample ? [options.sample] : [...THOROUGH, ...BRIEF]) {
      const server = await startServer(sample);
      await checkServer(browser, server.address, axe, sample);
      server.stop();
    }
  } finally {
    await browser.close();
    rmSync(home, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exit(failures.length === 0 ? 0 : 1);
}

await main();
