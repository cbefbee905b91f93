// In a real browser: an administrator tries a stricter policy on what was sent, saves it, and it holds (DET-17, DET-22).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, button, row, shot } from '../lib/pages.mjs';
import { Sofie } from '../lib/sofie.mjs';

const SCRIPT = Buffer.from('#!/bin/sh\necho hello\n');

describe('browser: the policy', () => {
  let sofie, browser, alice, root;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    browser = await launch();
    root = await person(browser);
    await at(sofie).login(root, '/admin/login', 'root@example.org');
  });
  after(async () => {
    await browser?.close();
    await sofie?.remove();
  });

  const send = async (title) => {
    const { id } = await alice.package({ type: 'private', title, recipients: ['bob@example.net'] });
    await alice.put(id, 'run.sh', SCRIPT);
    return await alice.deliver(id);
  };
  const choose = async (rule, action) => {
    const { page, t } = root;
    await page.getByRole('combobox', { name: t('admin:policy.rule_outgoing', { rule }) }).click();
    await page.getByRole('option', { name: action, exact: true }).click();
  };

  it('shows what stricter rules would have done, and then does it', async () => {
    const { page, t } = root;
    assert.equal((await send('Before')).state, 'delivered');
    await page.goto(`${sofie.url}/admin/policy`);
    await settled(page);
    await page.getByText(t('admin:policy.try.unchanged')).waitFor();
    await choose(t('settings:label.checks.script'), t('settings:option.reject'));
    await button(page, t('admin:policy.try.run')).click();
    const affected = row(page, t('admin:policy.try.affected'), 'alice@example.org');
    await affected.getByText(t('settings:label.checks.script')).waitFor();
    await page.getByText(t('admin:policy.try.returned', { count: 1 })).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'policy-tried');
    await page.setViewportSize({ width: 390, height: 844 });
    await shot(page, 'policy-tried-390');
    await page.setViewportSize({ width: 1440, height: 900 });
    await choose(t('settings:label.checks.macro'), t('settings:option.quarantine'));
    await page.getByText(t('admin:policy.try.stale')).waitFor();
    await button(page, t('action.save')).click();
    await page.getByText(t('admin:policy.saved')).waitFor();
    assert.equal((await send('After')).state, 'deleted');
    await sofie.mail('alice@example.org', /run\.sh/);
  });

  it('looks well in the dark, in Czech, on a phone', async () => {
    const other = await person(browser, { language: 'cs', width: 390, scheme: 'dark' });
    await at(sofie).login(other, '/admin/login', 'root@example.org');
    await other.page.goto(`${sofie.url}/admin/policy`);
    await settled(other.page);
    assert.deepEqual(await axe(other.page), []);
    await shot(other.page, 'policy-dark-390-cs');
  });
});
