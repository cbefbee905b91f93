// In real browsers: one administrator proposes an exception from quarantine, another one approves it, and it holds;
// a hash is listed, and what was delivered is taken back (DET-10, DET-24).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, button, shot } from '../lib/pages.mjs';
import { EICAR } from '../lib/samples.mjs';
import { Sofie, until } from '../lib/sofie.mjs';

describe('browser: exceptions', () => {
  let sofie, browser, alice, ann, ben;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('ann@example.org');
    await sofie.addAdministrator('ben@example.org');
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
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

  const send = async (name, data) => {
    const { id } = await alice.package({ type: 'public', title: name });
    await alice.put(id, name, data);
    return await alice.deliver(id);
  };
  const open = async ({ page }, path) => {
    await page.goto(`${sofie.url}${path}`);
    await settled(page);
  };

  it('one proposes from quarantine, another one approves, and the file passes with a remark', async () => {
    const held = await send('tool.com', EICAR);
    assert.equal(held.state, 'withheld');
    const { page, t } = ann;
    await open(ann, `/admin/packages/${held.id}`);
    await page.locator('a[href*="sha256="]').click();
    const dialog = page.getByRole('dialog');
    const hash = createHash('sha256').update(EICAR).digest('hex');
    await until('the form knows the file', async () => (await dialog.getByLabel(t('admin:exceptions.sha256')).inputValue()) === hash);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'exceptions-form');
    await button(dialog, t('admin:exceptions.propose')).click();
    await dialog.getByText(t('field_error.required')).waitFor();
    await dialog.getByLabel(t('admin:decision.reason')).fill('Our own test of the scanner');
    await button(dialog, t('admin:exceptions.propose')).click();
    await page.getByText(t('admin:exceptions.state.proposed'), { exact: true }).waitFor();
    assert.ok(await button(page, t('admin:exceptions.approve')).isDisabled(), 'nobody approves what is their own');
    assert.equal((await send('again.com', EICAR)).state, 'withheld', 'one is not enough');

    await open(ben, '/admin/exceptions');
    await button(ben.page, ben.t('admin:exceptions.approve')).click();
    await button(ben.page.getByRole('dialog'), ben.t('admin:exceptions.approve')).click();
    await ben.page.getByText(ben.t('admin:exceptions.state.active'), { exact: true }).waitFor();
    assert.deepEqual(await axe(ben.page), []);
    await shot(ben.page, 'exceptions-dark-390-cs');
    const passed = await send('once-more.com', EICAR);
    assert.equal(passed.state, 'delivered');
    await open(ann, `/admin/packages/${passed.id}`);
    await page.getByText(t('admin:verdicts.excused')).first().waitFor();
    await shot(page, 'exceptions-verdicts');
  });

  it('a listed hash takes back what was delivered', async () => {
    const data = Buffer.from('an invoice of another kind');
    const sent = await send('invoice.txt', data);
    assert.equal(sent.state, 'delivered');
    const { page, t } = ann;
    await open(ann, '/admin/exceptions');
    await button(page, t('admin:hashes.new')).click();
    const dialog = page.getByRole('dialog');
    const hash = createHash('sha256').update(data).digest('hex');
    await dialog.getByLabel(t('admin:hashes.lines')).fill(`# theirs\n${hash} a trojan\nnonsense`);
    await button(dialog, t('admin:hashes.add')).click();
    await dialog.getByText(t('admin:hashes.wrong_line', { line: 3 })).waitFor();
    assert.deepEqual(await axe(page), []);
    await dialog.getByLabel(t('admin:hashes.lines')).fill(`# theirs\n${hash} a trojan`);
    await button(dialog, t('admin:hashes.add')).click();
    await page.getByText(hash).waitFor();
    await shot(page, 'exceptions-hashes');
    await until('it is taken back', async () => (await alice.json('GET', `/packages/${sent.id}`)).state === 'withheld');
    await sofie.mail('alice@example.org', /invoice\.txt/);
  });
});
