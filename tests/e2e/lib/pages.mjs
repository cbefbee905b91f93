// What people do on the pages, by roles and labels only.
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS, settled } from './browser.mjs';
import { PASSWORD, until } from './sofie.mjs';

export async function hashOf(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const badge = (page, text) => page.getByText(text, { exact: true }).first();
export const row = (page, label, name) => page.getByRole('list', { name: label }).getByRole('listitem').filter({ hasText: name });

/** Chooses files: paths, or { name, mimeType, buffer } for names that no file system takes. */
export const choose = (page, t, chosen) => page.locator(`input[type=file][aria-label="${t('drop.files')}"]`).setInputFiles(chosen);

export async function shot(page, name) {
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`), fullPage: true });
}

/** Waits until a progress bar shows more than so many per cent; returns what it shows. */
export async function beyond(bar, percent, within = 60_000) {
  return await until(`progress beyond ${percent} %`, async () => {
    const now = Number(await bar.getAttribute('aria-valuenow', { timeout: 5_000 }).catch(() => 0));
    return now > percent ? now : null;
  }, within);
}

export async function sendNow({ page, t }) {
  await button(page, t('send:send')).click();
  await page.waitForURL(/\/packages\/[0-9a-f-]+$/);
  return page.url().split('/').at(-1);
}

/** Proves the recipient's address by the mailed code. */
export async function prove({ page, t }, sofie, email) {
  await button(page, t('code.send')).click();
  await page.getByLabel(t('code.label')).fill(await sofie.code(email));
  await button(page, t('code.verify')).click();
}

/** What needs to know the installation: its address and its folder for files. */
export function at(sofie) {
  const file = (name, data) => {
    const path = join(sofie.dir, 'work', name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, data);
    return path;
  };

  async function login({ page, t }, path, email) {
    await page.goto(`${sofie.url}${path}`);
    await page.getByLabel(t('login.email')).fill(email);
    await page.getByLabel(t('login.password'), { exact: true }).fill(PASSWORD);
    await button(page, t('login.submit')).click();
    await page.waitForURL((url) => url.pathname !== path);
    await settled(page);
  }

  async function compose({ page, t }, to, title, chosen) {
    await page.goto(`${sofie.url}/send`);
    const field = page.getByRole('textbox', { name: t('send:to') });
    await field.fill(to);
    await field.press('Enter');
    await page.getByRole('textbox', { name: t('send:title') }).fill(title);
    await page.getByRole('textbox', { name: t('send:note') }).fill(`About ${title}`);
    await choose(page, t, chosen);
  }

  return { file, login, compose };
}
