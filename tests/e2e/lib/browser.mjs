// A real Chromium, the texts of the front end, and axe.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const locales = join(here, '../../../frontend/src/locales');
export const ARTIFACTS = join(here, '../artifacts');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export async function launch() {
  if (!executablePath) throw new Error('there is no Chromium: apt-get install chromium');
  mkdirSync(ARTIFACTS, { recursive: true });
  const args = ['--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];
  if (process.getuid() === 0) args.push('--no-sandbox');
  return await chromium.launch({ executablePath, headless: true, args });
}

/** Returns the texts of a language: t('send:to') is the text of `to` in send.json; `common` is the default. */
export function texts(language) {
  const files = new Map();
  return (key, values = {}) => {
    const [name, path] = key.includes(':') ? key.split(':') : ['common', key];
    if (!files.has(name)) files.set(name, JSON.parse(readFileSync(join(locales, language, `${name}.json`), 'utf8')));
    const textAt = (place) => place.split('.').reduce((value, part) => value?.[part], files.get(name));
    const form = 'count' in values ? `_${new Intl.PluralRules(language).select(values.count)}` : '';
    const found = textAt(`${path}${form}`) ?? textAt(path);
    if (typeof found !== 'string') throw new Error(`no text ${key} in ${language}`);
    return found.replaceAll(/\{\{(\w+)\}\}/g, (_, value) => values[value] ?? `{{${value}}}`);
  };
}

/** For work on the pages: a freshly built front end in the place of the one in the binary, under the same policy. */
const FRONTEND = process.env.SOFIE_FRONTEND && resolve(process.env.SOFIE_FRONTEND);

async function fromDisk(route) {
  const file = join(FRONTEND, new URL(route.request().url()).pathname);
  if (file.startsWith(join(FRONTEND, 'assets')) && existsSync(file)) return await route.fulfill({ path: file });
  const answer = await route.fetch();
  // Pages of other sites have no such policy.
  const { 'content-type': type = '', 'content-security-policy': policy } = answer.headers();
  const isPage = type.startsWith('text/html') && policy !== undefined;
  await route.fulfill(isPage ? { response: answer, path: join(FRONTEND, 'index.html') } : { response: answer });
}

/** Opens a window for one person. Whatever the page reports as an error is collected in `errors`. */
export async function person(browser, { language = 'en', width = 1440, scheme = 'light', ...more } = {}) {
  const context = await browser.newContext({
    locale: language === 'cs' ? 'cs-CZ' : 'en-GB',
    colorScheme: scheme,
    viewport: { width, height: width < 600 ? 844 : 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
    ...more,
  });
  // Far longer than it should take: other people's work may stop the machine for a while.
  context.setDefaultTimeout(45_000);
  context.setDefaultNavigationTimeout(120_000);
  if (FRONTEND) await context.route((url) => !url.pathname.startsWith('/api/'), fromDisk);
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(`${page.url()}: ${error}`));
  page.on('console', (message) => {
    // A refusal of the server is shown by the page; the browser logs it as well.
    if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text())) errors.push(`${page.url()}: ${message.text()}`);
  });
  return { context, page, errors, t: texts(language) };
}

/** Returns what axe finds on the page, in words; nothing is the aim. */
export async function axe(page) {
  await page.evaluate((source) => void (globalThis.axe ?? new Function(source)()), AXE).catch(async () => {
    // The page's policy forbids evaluation: run in a world of the debugger instead.
    const session = await page.context().newCDPSession(page);
    await session.send('Runtime.evaluate', { expression: AXE });
    await session.detach();
  });
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${impact}) at ${target}: ${failureSummary}`));
}

/** Waits until the page has its data: a heading, and nothing that still loads. */
export async function settled(page) {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], [data-loading="true"]'));
  await page.evaluate(() => document.fonts.ready);
}
