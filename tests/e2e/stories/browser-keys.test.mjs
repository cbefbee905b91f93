// In real browsers: an administrator moves packages to another key, stops and goes on, and has everything stored checked;
// a damaged file is seen (ADM-8, ADM-9).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, button, shot } from '../lib/pages.mjs';
import { Sofie } from '../lib/sofie.mjs';

/** All files below a folder. */
const below = (dir) =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('browser: keys and integrity', () => {
  let sofie, browser, ann, ben;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('ann@example.org');
    await sofie.addAdministrator('ben@example.org');
    const alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    for (let number = 0; number < 3; number += 1) {
      const { id } = await alice.package({ type: 'public', title: `Plans ${number}` });
      await alice.put(id, 'plan.bin', Buffer.alloc(300_000, number));
      await alice.deliver(id);
    }
    browser = await launch();
    ann = await person(browser);
    await at(sofie).login(ann, '/admin/login', 'ann@example.org');
    ben = await person(browser, { language: 'cs', width: 390, scheme: 'dark' });
    await at(sofie).login(ben, '/admin/login', 'ben@example.org');
  });
  after(async () => {
    await browser?.close();
    await sofie?.remove();
  });

  const open = async ({ page }) => {
    await page.goto(`${sofie.url}/admin/keys`);
    await settled(page);
  };
  const confirm = async (page, name) => {
    await button(page, name).click();
    await button(page.getByRole('dialog'), name).click();
  };

  it('another key is activated, and packages move to it', async () => {
    const { page, t } = ann;
    await open(ann);
    await page.getByText(t('admin:keys.none_left')).waitFor();
    await page.getByText(t('admin:integrity.none')).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'keys-fresh');
    const second = await sofie.command('keys', 'add');
    await open(ann);
    const row = page.getByRole('listitem').filter({ hasText: second });
    await button(row, t('admin:keys.activate')).click();
    await shot(page, 'keys-activate');
    await button(page.getByRole('dialog'), t('admin:keys.activate')).click();
    await row.getByText(t('admin:keys.active'), { exact: true }).waitFor();
    await page.getByText(t('admin:keys.progress', { done: '0', total: '3' })).waitFor();
    await shot(page, 'keys-to-move');
    await confirm(page, t('admin:keys.rotate'));
    await page.getByText(t('admin:keys.none_left')).waitFor();
    const old = page.getByRole('listitem').filter({ has: page.locator('code') }).filter({ hasNotText: second });
    await button(old, t('admin:keys.remove')).click();
    await button(page.getByRole('dialog'), t('admin:keys.remove')).click();
    await page.getByText(t('admin:keys.removed')).waitFor();
    assert.equal(JSON.parse(await sofie.command('keys', 'list', '--json')).length, 1);
    assert.deepEqual(await axe(page), []);
  });

  it('a check finds what is damaged, and says so', async () => {
    const { page, t } = ann;
    await open(ann);
    await button(page, t('admin:integrity.run')).click();
    await page.getByText(t('admin:integrity.state.done'), { exact: true }).waitFor();
    await page.getByText(t('admin:integrity.no_findings')).waitFor();
    await shot(page, 'keys-intact');

    const blob = below(join(sofie.data, 'blobs')).find((file) => statSync(file).size > 200_000);
    const bytes = readFileSync(blob);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(blob, bytes);
    await confirm(page, t('admin:integrity.run_deep'));
    await page.getByText(t('admin:integrity.kind.damaged')).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'keys-damaged');
    await sofie.mail('ann@example.org', /\/admin\/keys/);
    await page.goto(`${sofie.url}/admin`);
    await page.getByText(t('admin:warning.files_corrupted.title')).waitFor();

    await open(ben);
    await ben.page.getByText(ben.t('admin:integrity.kind.damaged')).waitFor();
    assert.deepEqual(await axe(ben.page), []);
    await shot(ben.page, 'keys-damaged-dark-390-cs');
  });
});
