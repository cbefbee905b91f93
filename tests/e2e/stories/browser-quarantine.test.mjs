// In a real browser: an administrator sees what is in a held file and where a finding is, and takes a sample of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, button, row, sendNow, shot } from '../lib/pages.mjs';
import { EICAR, zip } from '../lib/samples.mjs';
import { PASSWORD, Sofie } from '../lib/sofie.mjs';

const NESTED = zip({ 'inner.zip': zip({ 'x.txt': EICAR }), 'readme.txt': Buffer.from('nothing here\n') });

describe('browser: quarantine', () => {
  let sofie, browser, login, id;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    await sofie.addUser('alice@example.org');
    browser = await launch();
    let compose;
    ({ login, compose } = at(sofie));
    const alice = await person(browser);
    await login(alice, '/login', 'alice@example.org');
    await compose(alice, 'bob@example.net', 'Nested', [
      { name: 'nested.zip', mimeType: 'application/zip', buffer: NESTED },
    ]);
    id = await sendNow(alice);
    await alice.page.getByText(alice.t('packages:file_state.blocked')).first().waitFor();
    await alice.context.close();
    const root = new Api(sofie.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    const permissions = ['administrators', 'logs', 'packages', 'quarantine', 'samples'];
    await root.json('POST', '/admin/administrators', { email: 'lab@example.org', name: 'Lab', password: PASSWORD, permissions });
  });
  after(async () => {
    await browser?.close();
    await sofie?.remove();
  });

  for (const [width, scheme, language] of [[1440, 'light', 'en'], [1440, 'dark', 'cs'], [390, 'light', 'cs'], [390, 'dark', 'en']]) {
    it(`shows what is inside, at ${width} pixels, ${scheme}`, async () => {
      const who = await person(browser, { width, scheme, language });
      const { page, t, errors } = who;
      await login(who, '/admin/login', 'lab@example.org');
      await page.goto(`${sofie.url}/admin/packages/${id}`);
      const tree = page.getByRole('list', { name: t('admin:objects.title'), exact: true });
      await tree.waitFor();
      // The way to the finding is open.
      const inner = tree.getByRole('list', { name: t('admin:objects.inside', { name: 'inner.zip' }), exact: true });
      await inner.getByText(t('packages:finding_name.eicar-test-file')).waitFor();
      await tree.getByText('readme.txt').waitFor();
      await settled(page);
      assert.deepEqual(await axe(page), []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
      await shot(page, `objects-${width}-${scheme}`);
      const toggle = tree.getByRole('button', { name: /^inner\.zip/ });
      await toggle.focus();
      await page.keyboard.press('Enter');
      await inner.waitFor({ state: 'detached' });
      assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
      assert.deepEqual(errors, []);
      await who.context.close();
    });
  }

  it('gives a sample to who may have it, in an archive with a password', async () => {
    const who = await person(browser);
    const { page, t, errors } = who;
    await login(who, '/admin/login', 'lab@example.org');
    await page.goto(`${sofie.url}/admin/packages/${id}`);
    await row(page, t('packages:files'), 'nested.zip').getByRole('button', { name: t('admin:sample.label') }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('infected').waitFor();
    const confirm = button(dialog, t('admin:sample.confirm'));
    assert.ok(await confirm.isDisabled(), 'not without a reason');
    await dialog.getByLabel(t('admin:decision.reason')).fill('To be looked into.');
    await settled(page);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'sample-1440-light');
    const downloading = page.waitForEvent('download');
    await confirm.click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), 'nested.zip.zip');
    const sample = readFileSync(await download.path());
    assert.ok(sample.subarray(0, 4).equals(Buffer.from('PK\x03\x04')));
    assert.ok(!sample.includes(Buffer.from('inner.zip')), 'what is inside can be read');
    await page.goto(`${sofie.url}/admin/audit`);
    await page.getByRole('listitem').filter({ hasText: t('admin:event.FILE_SAMPLED') }).first().waitFor();
    assert.deepEqual(errors, []);
    await who.context.close();
  });
});
