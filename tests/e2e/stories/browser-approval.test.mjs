// In real browsers: an administrator makes a group whose scripts need approval, a user of it sends one, and an approver
// looks at it and decides (ACC-15, DET-17, PKG-18).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, button, row, shot } from '../lib/pages.mjs';
import { Sofie, until } from '../lib/sofie.mjs';

const SCRIPT = Buffer.from('#!/bin/sh\necho hello\n');

describe('browser: groups and approval', () => {
  let sofie, browser, alice, bob, root, ann;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    bob = new Api(sofie.url, { token: await sofie.addUser('bob@example.org') });
    await sofie.addUser('ann@example.org');
    browser = await launch();
    root = await person(browser);
    await at(sofie).login(root, '/admin/login', 'root@example.org');
  });
  after(async () => {
    await browser?.close();
    await sofie?.remove();
  });

  const open = async ({ page }, path) => {
    await page.goto(`${sofie.url}${path}`);
    await settled(page);
  };
  const send = async (from, title, note = '') => {
    const { id } = await from.package({ type: 'private', title, note, recipients: ['carol@example.net'] });
    await from.put(id, 'run.sh', SCRIPT);
    return await from.deliver(id);
  };
  const choose = async ({ page }, label, option) => {
    await page.getByRole('combobox', { name: label }).click();
    await page.getByRole('option', { name: option, exact: true }).click();
  };
  /** What axe and the eye find on a page in all looks. */
  const looks = async (path, email, door, name) => {
    for (const look of [
      { language: 'en', width: 1440, scheme: 'dark' },
      { language: 'cs', width: 1440, scheme: 'light' },
      { language: 'cs', width: 390, scheme: 'dark' },
      { language: 'en', width: 390, scheme: 'light' },
    ]) {
      const who = await person(browser, look);
      await at(sofie).login(who, door, email);
      await open(who, path);
      assert.deepEqual(await axe(who.page), [], `${name} ${Object.values(look)}`);
      const wide = await who.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name}: ${wide} px wider than the window`);
      await shot(who.page, `${name}-${Object.values(look).join('-')}`);
      assert.deepEqual(who.errors, []);
      await who.context.close();
    }
  };

  it('groups are made, filled and put in order', async () => {
    const { page, t } = root;
    await open(root, '/admin/groups');
    await page.getByText(t('admin:groups.empty')).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'groups-empty');
    for (const name of ['Everybody in sales', 'New here']) {
      await button(page, t('admin:groups.new')).click();
      const dialog = page.getByRole('dialog');
      await button(dialog, t('action.save')).click();
      await dialog.getByText(t('field_error.required')).waitFor();
      await dialog.getByLabel(t('admin:groups.name')).fill(name);
      await dialog.getByLabel(t('admin:groups.note')).fill(`Note of ${name}`);
      await button(dialog, t('action.save')).click();
      await page.getByText(name, { exact: true }).waitFor();
    }
    await button(page, t('admin:groups.up', { name: 'New here' })).click();
    const first = page.getByRole('list', { name: t('admin:groups.title') }).getByRole('listitem').first();
    await first.getByText('New here', { exact: true }).waitFor();
    await button(first, t('admin:groups.members')).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(t('admin:groups.no_members')).waitFor();
    await dialog.getByRole('searchbox', { name: t('admin:groups.search') }).fill('alice');
    await button(dialog, `${t('admin:groups.put_in')}: alice@example.org`).click();
    await button(dialog, `${t('admin:groups.take_out')}: alice@example.org`).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'groups-members');
    await button(dialog, t('action.close')).click();
    await first.getByText(t('admin:groups.count', { count: 1 })).waitFor();
    await open(root, '/admin/users');
    const user = row(page, t('admin:users.title'), 'alice@example.org');
    await user.getByText(/New here/).waitFor();
    await looks('/admin/groups', 'root@example.org', '/admin/login', 'groups');
  });

  it('a group gets a rule of its own; the rest is shown as inherited', async () => {
    const { page, t } = root;
    await open(root, '/admin/policy');
    await choose(root, t('admin:policy.whose'), 'New here');
    const rule = t('settings:label.checks.script');
    const field = page.getByRole('combobox', { name: t('admin:policy.rule_outgoing', { rule }) });
    const inherited = t('admin:policy.inherited', { action: t('settings:option.flag') });
    assert.equal(await field.inputValue(), inherited);
    await choose(root, t('admin:policy.rule_outgoing', { rule }), t('settings:option.approval'));
    assert.equal((await send(alice, 'Before')).state, 'delivered');
    await button(page, t('admin:policy.try.run')).click();
    const affected = row(page, t('admin:policy.try.affected'), 'alice@example.org');
    await affected.getByText(new RegExp(t('admin:policy.try.waits'))).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'policy-of-a-group');
    await button(page, t('action.save')).click();
    await page.getByText(t('admin:policy.saved')).waitFor();
    assert.equal(await field.inputValue(), t('settings:option.approval'));
    await open(root, '/admin/users');
    const user = row(page, t('admin:users.title'), 'alice@example.org');
    await button(user, t('admin:users.menu', { email: 'alice@example.org' })).click();
    await page.getByRole('menuitem', { name: t('admin:users.rules') }).click();
    const why = t('admin:users.rule_of', { action: t('settings:option.approval'), group: 'New here' });
    await row(page, t('admin:users.rules'), rule).getByText(`${t('admin:policy.outgoing')}: ${why}`).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'rules-of-a-user');
    await page.goBack();
    await settled(page);
    const { pathname, search } = new URL(page.url());
    await looks(pathname + search, 'root@example.org', '/admin/login', 'policy-of-a-group');
  });

  it('without anybody who may approve it is quarantine', async () => {
    assert.equal((await send(alice, 'Nobody to ask')).state, 'withheld');
    assert.equal((await send(bob, 'Of another group')).state, 'delivered');
    const { page, t } = root;
    await open(root, '/admin/users');
    const user = row(page, t('admin:users.title'), 'ann@example.org');
    await button(user, t('admin:users.menu', { email: 'ann@example.org' })).click();
    await page.getByRole('menuitem', { name: t('admin:users.edit') }).click();
    const dialog = page.getByRole('dialog');
    const box = dialog.getByRole('checkbox', { name: t('admin:user_permission.approve') });
    assert.equal(await box.isChecked(), false, 'nobody gets it unasked');
    await box.check();
    await button(dialog, t('action.save')).click();
    await page.getByText(t('admin:users.saved')).waitFor();
  });

  it('an approver sees what was found and lets it go, or does not', async () => {
    const go = await send(alice, 'The installer', 'Please run this.');
    assert.equal(go.state, 'awaiting_decision');
    const stay = await send(alice, 'Another one');
    await sofie.mail('ann@example.org', /run\.sh[^]*\/approvals\//);
    await sofie.mail('alice@example.org', /run\.sh/);
    const sender = await person(browser);
    await at(sofie).login(sender, '/login', 'alice@example.org');
    assert.equal(await sender.page.getByRole('link', { name: sender.t('account:menu.approvals') }).count(), 0);
    await open(sender, `/packages/${go.id}`);
    await sender.page.getByText(sender.t('packages:explain.awaiting_decision')).waitFor();
    await shot(sender.page, 'approval-sender');

    ann = await person(browser);
    const { page, t, errors } = ann;
    await at(sofie).login(ann, '/login', 'ann@example.org');
    await page.getByRole('link', { name: t('account:menu.approvals') }).first().click();
    await page.getByRole('link', { name: 'The installer' }).waitFor();
    assert.deepEqual(await axe(page), []);
    await looks('/approvals', 'ann@example.org', '/login', 'approvals');
    await looks(`/approvals/${go.id}`, 'ann@example.org', '/login', 'approval');
    await page.getByRole('link', { name: 'The installer' }).click();
    await page.getByText('Please run this.').waitFor();
    await page.getByText(t('packages:finding_name.type-script')).first().waitFor();
    assert.equal(await page.getByRole('link', { name: t('packages:file.download') }).count(), 0, 'no bytes for approvers');
    await button(page, t('account:approval.approve')).click();
    const dialog = page.getByRole('dialog');
    assert.ok(await button(dialog, t('account:approval.approve')).isDisabled(), 'not without a reason');
    await dialog.getByLabel(t('account:approval.reason')).fill('It is our own installer');
    assert.deepEqual(await axe(page), []);
    await shot(page, 'approval-dialog');
    await button(dialog, t('account:approval.approve')).click();
    await page.getByText(t('account:approval.approved')).waitFor();
    await sofie.mail('alice@example.org', /It is our own installer/);
    await until('it is delivered', async () => (await alice.json('GET', `/packages/${go.id}`)).state === 'delivered');

    await page.getByRole('link', { name: 'Another one' }).click();
    await button(page, t('account:approval.reject')).click();
    await dialog.getByLabel(t('account:approval.reason')).fill('Not this one');
    await button(dialog, t('account:approval.reject')).click();
    await page.getByText(t('account:approval.empty')).waitFor();
    await shot(page, 'approvals-empty');
    await sofie.mail('alice@example.org', /Not this one/);
    assert.equal((await alice.json('GET', `/packages/${stay.id}`)).state, 'deleted');
    assert.deepEqual([...errors, ...sender.errors], []);
  });
});
