// In real browsers: the page of the licence, and what people see when it does not hold (ADM-12).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, button, shot } from '../lib/pages.mjs';
import { Sofie, until } from '../lib/sofie.mjs';
import { Vendor, day } from '../lib/vendor.mjs';

describe('browser: licence', () => {
  let sofie, vendor, browser, ann, ben, alice;
  before(async () => {
    sofie = await Sofie.start();
    vendor = await Vendor.of(sofie);
    sofie.env = vendor.env;
    await sofie.stop();
    await sofie.up();
    for (const name of ['ann', 'ben']) await sofie.addAdministrator(`${name}@example.org`);
    await sofie.addUser('alice@example.org');
    browser = await launch();
    ann = await person(browser);
    await at(sofie).login(ann, '/admin/login', 'ann@example.org');
    ben = await person(browser, { language: 'cs', width: 390, scheme: 'dark' });
    await at(sofie).login(ben, '/admin/login', 'ben@example.org');
    alice = await person(browser, { language: 'cs', width: 390 });
  });
  after(async () => {
    await browser?.close();
    await sofie?.remove();
    vendor?.remove();
  });

  const open = async ({ page }, path) => {
    await page.goto(`${sofie.url}${path}`);
    await settled(page);
  };

  it('says that none is needed, and why a text is none', async () => {
    const { page, t } = ann;
    await open(ann, '/admin/licence');
    await page.getByText(t('admin:licence.standing_text.unlicensed')).waitFor();
    assert.ok(await button(page, t('admin:licence.install')).isDisabled(), 'there is nothing to install');
    assert.deepEqual(await axe(page), []);
    await shot(page, 'licence-none');
    await page.getByRole('textbox', { name: t('admin:licence.text') }).fill('nonsense');
    await button(page, t('admin:licence.install')).click();
    await page.getByText(t('field_error.invalid')).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'licence-refused');
  });

  it('installs one from a file', async () => {
    const { page, t } = ann;
    const host = new URL(sofie.url).hostname;
    const text = await vendor.issue('--users', '50', '--expires', day(200), '--host', host);
    await page.locator('input[type=file]').setInputFiles({ name: 'example.licence', mimeType: 'text/plain', buffer: Buffer.from(text) });
    await button(page, t('admin:licence.install')).click();
    await page.getByText(t('admin:licence.standing.valid')).waitFor();
    await page.getByText('Example s.r.o.').waitFor();
    await page.getByText(t('admin:licence.users_of', { users: 1, most: 50 })).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'licence-valid');
  });

  it('shows everybody that it does not hold, and lets it be removed', async () => {
    // It is for another host now.
    await open(ann, '/admin/settings');
    const api = (values) =>
      ann.page.evaluate(async (body) => {
        const headers = { 'Content-Type': 'application/json', 'X-Sofie': '1' };
        return (await fetch('/api/v1/admin/settings', { method: 'PATCH', headers, body })).status;
      }, JSON.stringify({ values }));
    assert.equal(await api({ 'instance.base_url': 'http://elsewhere.example.org' }), 200);
    const { page, t } = ben;
    await open(ben, '/admin/licence');
    await page.getByText(t('admin:licence.fault.other_host')).first().waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'licence-demo-dark-390-cs');
    await open(ann, '/admin');
    await ann.page.getByText(ann.t('admin:licence.standing.demo')).first().waitFor();
    assert.deepEqual(await axe(ann.page), []);
    await shot(ann.page, 'licence-demo-banner');
    await at(sofie).login(alice, '/login', 'alice@example.org');
    await alice.page.getByText(alice.t('demo.title')).waitFor();
    assert.deepEqual(await axe(alice.page), []);
    await shot(alice.page, 'licence-demo-user-390-cs');
    await open(ben, '/admin/licence');
    await button(page, t('admin:licence.remove')).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(t('admin:licence.remove_text')).waitFor();
    await shot(page, 'licence-remove-dark-390-cs');
    await button(dialog, t('admin:licence.remove')).click();
    await page.getByText(t('admin:licence.standing.unlicensed'), { exact: true }).waitFor();
    await until('the banner is gone', async () => (await page.getByText(t('admin:licence.standing.demo')).count()) === 0);
  });
});
