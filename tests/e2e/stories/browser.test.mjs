// The main job in a real browser: set up, send, check, fetch, hold back, release. Roles and labels only.
import assert from 'node:assert/strict';
import { readFileSync, truncateSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, badge, beyond, button, choose, hashOf, row, sendNow, shot } from '../lib/pages.mjs';
import { EICAR, noise, text } from '../lib/samples.mjs';
import { PASSWORD, Sofie } from '../lib/sofie.mjs';

const GIGABYTE = 1 << 30;

describe('browser', () => {
  let sofie, browser, file, login, compose;
  const known = {};
  before(async () => {
    sofie = await Sofie.start();
    browser = await launch();
    ({ file, login, compose } = at(sofie));
  });
  after(async () => {
    await browser?.close();
    await sofie?.remove();
  });

  it('the wizard makes the administrator by the printed link, once, and a user', async () => {
    const who = await person(browser);
    const { page, t, errors } = who;
    const link = sofie.setupLink();
    assert.ok(link, `no set-up link in:\n${sofie.log()}`);
    await page.goto(link);
    await page.getByLabel(t('admin:users.email')).fill('root@example.org');
    await page.getByLabel(t('admin:users.name')).fill('Rita Root');
    await page.getByLabel(t('password.new'), { exact: true }).fill(PASSWORD);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'setup-1-administrator');
    await button(page, t('admin:setup.administrator.submit')).click();
    for (const step of ['address', 'engines']) {
      await button(page, t('admin:setup.next')).waitFor();
      await settled(page);
      assert.deepEqual(await axe(page), [], step);
      await shot(page, `setup-${step}`);
      await button(page, t('admin:setup.next')).click();
    }
    await page.getByLabel(t('admin:users.email')).fill('alice@example.org');
    await page.getByLabel(t('admin:users.name')).fill('Alice Alden');
    await page.getByText(t('admin:users.way_password')).click();
    await page.getByLabel(t('password.new'), { exact: true }).fill(PASSWORD);
    assert.deepEqual(await axe(page), [], 'user');
    await button(page, t('admin:users.create')).click();
    await page.getByText(t('admin:setup.done.title')).waitFor();
    assert.deepEqual(await axe(page), [], 'done');
    await shot(page, 'setup-done');
    assert.deepEqual(errors, []);
    await who.context.close();

    const second = await person(browser);
    await second.page.goto(link);
    await second.page.getByLabel(t('login.email')).waitFor();
    await second.context.close();
  });

  it('a user sends files while they upload, with the network cut in the middle of one gigabyte', { timeout: 900_000 }, async () => {
    const who = await person(browser);
    const { page, t, context, errors } = who;
    await login(who, '/login', 'alice@example.org');
    const big = file('video.bin', noise(1 << 20));
    truncateSync(big, GIGABYTE);
    known.big = await hashOf(big);
    known.report = text(3000);
    // Slow enough that the cut comes in the middle.
    const cdp = await context.newCDPSession(page);
    const network = (offline) => cdp.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: 150 << 20 });
    await network(false);
    await compose(who, 'bob@example.net', 'Quarterly figures', [file('report.txt', known.report), big]);
    const uploading = row(page, t('send:files'), 'video.bin');
    const bar = uploading.getByRole('progressbar');
    const before = await beyond(bar, 10);
    await network(true);
    await uploading.getByText(t('send:item.retrying')).waitFor();
    await shot(page, 'composer-offline');
    await network(false);
    await beyond(bar, before + 5);
    await shot(page, 'composer-uploading');
    known.package = await sendNow(who);
    await badge(page, t('packages:state.delivered')).waitFor({ timeout: 200_000 });
    await row(page, t('packages:files'), 'video.bin').getByText(t('packages:file_state.clean')).waitFor();
    await shot(page, 'package-delivered');
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('the recipient proves the address on a phone, in Czech, and fetches what was sent', { timeout: 600_000 }, async () => {
    const who = await person(browser, { language: 'cs', width: 390 });
    const { page, t, errors } = who;
    await page.goto(await sofie.link('bob@example.net'));
    await button(page, t('code.send')).click();
    const label = page.getByLabel(t('code.label'));
    await label.waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'recipient-code-cs-390');
    assert.ok(!page.url().includes('#'), 'the secret left the address bar');
    await label.fill('0000 0000');
    await button(page, t('code.verify')).click();
    await page.getByText(t('error.wrong_code')).waitFor();
    await label.fill(await sofie.code('bob@example.net'));
    await button(page, t('code.verify')).click();
    await row(page, t('packages:files'), 'video.bin').waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'recipient-files-cs-390');
    for (const [name, hash] of [['report.txt', null], ['video.bin', known.big]]) {
      const downloading = page.waitForEvent('download', { timeout: 600_000 });
      await page.getByRole('link', { name: t('packages:file.download_named', { name }) }).click();
      const download = await downloading;
      assert.equal(download.suggestedFilename(), name);
      const path = await download.path();
      if (hash) assert.equal(await hashOf(path), hash, name);
      else assert.deepEqual(readFileSync(path), known.report);
    }
    const reopened = await page.reload();
    known.visit = new URL(page.url()).pathname;
    known.recipient = await who.context.storageState();
    assert.equal(reopened.status(), 200);
    await row(page, t('packages:files'), 'report.txt').waitFor();
    assert.deepEqual(errors, []);
    await who.context.close();
  });

  it('the sender sees live that a file is held back; the administrator releases it; it arrives', async () => {
    const who = await person(browser, { scheme: 'dark' });
    const { page, t } = who;
    await login(who, '/login', 'alice@example.org');
    await compose(who, 'dana@example.net', 'Suspicious', [file('eicar.txt', EICAR)]);
    await row(page, t('send:files'), 'eicar.txt').getByText(t('send:item.done')).waitFor();
    known.held = await sendNow(who);
    await badge(page, t('packages:state.withheld')).waitFor();
    await page.getByText(t('packages:finding_name.eicar-test-file')).first().waitFor();
    await shot(page, 'package-withheld-dark');
    assert.ok(!(await sofie.outbox()).some(({ to }) => to === 'dana@example.net'), 'nothing was mailed');

    const admin = await person(browser);
    await login(admin, '/admin/login', 'root@example.org');
    await admin.page.goto(`${sofie.url}/admin/quarantine`);
    await admin.page.getByRole('link', { name: /Suspicious/ }).first().click();
    await admin.page.waitForURL(/\/admin\/packages\//);
    await settled(admin.page);
    assert.deepEqual(await axe(admin.page), []);
    await shot(admin.page, 'admin-quarantined');
    await button(admin.page, t('admin:decision.release')).click();
    const dialog = admin.page.getByRole('dialog');
    await dialog.getByLabel(t('admin:decision.reason')).fill('A test file, agreed with the sender.');
    assert.deepEqual(await axe(admin.page), []);
    await button(dialog, t('admin:decision.release')).click();
    await dialog.waitFor({ state: 'hidden' });
    await badge(admin.page, t('packages:state.delivered')).waitFor();
    await shot(admin.page, 'admin-released');

    // The sender's page learns of it by itself.
    await badge(page, t('packages:state.delivered')).waitFor();
    const dana = await person(browser, { width: 390, scheme: 'dark' });
    await dana.page.goto(await sofie.link('dana@example.net'));
    await button(dana.page, t('code.send')).click();
    await dana.page.getByLabel(t('code.label')).fill(await sofie.code('dana@example.net'));
    await button(dana.page, t('code.verify')).click();
    await dana.page.getByText(t('packages:file_state.released')).first().waitFor();
    await shot(dana.page, 'recipient-released-390-dark');
    const downloading = dana.page.waitForEvent('download');
    await dana.page.getByRole('link', { name: t('packages:file.download_named', { name: 'eicar.txt' }) }).click();
    assert.deepEqual(readFileSync(await (await downloading).path()), EICAR);
    assert.deepEqual([...who.errors, ...admin.errors, ...dana.errors], []);
    for (const { context } of [who, admin, dana]) await context.close();
  });

  it('an upload survives a reload of the page', async () => {
    const who = await person(browser);
    const { page, t, context } = who;
    await login(who, '/login', 'alice@example.org');
    const path = file('again.bin', noise(90 << 20));
    const cdp = await context.newCDPSession(page);
    await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 40 << 20 });
    await compose(who, 'bob@example.net', 'Reloaded', [path]);
    const bar = row(page, t('send:files'), 'again.bin').getByRole('progressbar');
    await beyond(bar, 20);
    await page.waitForURL(/\/send\/[0-9a-f-]+$/);
    page.on('dialog', (dialog) => dialog.accept());
    await page.reload();
    const interrupted = row(page, t('send:files'), 'again.bin');
    await interrupted.waitFor();
    await choose(page, t, [path]);
    await interrupted.getByText(t('send:item.done')).waitFor({ timeout: 600_000 });
    await sendNow(who);
    await badge(page, t('packages:state.delivered')).waitFor({ timeout: 600_000 });
    await context.close();
  });

  it('a user asks somebody outside for files, who hands them in', async () => {
    const who = await person(browser);
    const { page, t } = who;
    await login(who, '/login', 'alice@example.org');
    await page.goto(`${sofie.url}/requests`);
    await settled(page);
    await button(page, t('account:requests.new')).first().click();
    await page.getByLabel(t('account:requests.email')).fill('eve@example.net');
    await button(page, t('account:requests.submit')).click();
    const mail = await sofie.mail('eve@example.net', /\/r#/);
    const guest = await person(browser, { width: 390, language: 'cs' });
    await guest.page.goto(mail.text.match(/https?:\/\/\S+\/r#[A-Za-z0-9_.~-]+/)[0]);
    await settled(guest.page);
    assert.deepEqual(await axe(guest.page), []);
    await shot(guest.page, 'request-form-cs-390');
    await choose(guest.page, guest.t, [file('answer.txt', text(7))]);
    await row(guest.page, guest.t('send:files'), 'answer.txt').getByText(guest.t('send:item.done')).waitFor();
    await button(guest.page, guest.t('send:send')).click();
    await guest.page.getByText(guest.t('visit:thanks.title')).first().waitFor();
    await page.goto(`${sofie.url}/inbox`);
    await page.getByText('eve@example.net').first().waitFor({ timeout: 30_000 });
    assert.deepEqual([...who.errors, ...guest.errors], []);
    await who.context.close();
    await guest.context.close();
  });

  const PUBLIC = ['/', '/login', '/forgot', '/reset', '/welcome', '/p', '/r', '/guest', '/setup', '/admin/login', '/nowhere'];
  const USER = ['/inbox', '/send', () => `/send/${known.draft}`, '/requests', '/sent', '/drafts', '/account',
    '/approvals', () => `/approvals/${known.waiting}`, () => `/packages/${known.package}`, () => `/packages/${known.held}`];
  const ADMIN = ['', '/packages', () => `/packages/${known.held}`, '/quarantine', '/users', '/groups', '/administrators', '/engines', '/rules', '/policy', '/checks', '/exceptions', '/keys', '/licence', '/settings',
    '/outbox', () => `/outbox/${known.mail}`, '/audit', '/jobs', '/account']
    .map((path) => () => `/admin${typeof path === 'function' ? path() : path}`);
  /** Pages that send everybody, or whoever has no more business there, on to another one. */
  const LEAVES = ['/', '/setup'];

  /** Whether an address is one of a route, such as `/packages/$id` or `/send/{-$id}`. */
  const isOf = (route, path) => new RegExp(`^${route.replace(/\/\{-\$\w+\}/, '(/[^/]+)?').replaceAll(/\$\w+/g, '[^/]+')}$`).test(path);

  it('the pages below are all pages of the router', async () => {
    const who = await person(browser);
    await login(who, '/login', 'alice@example.org');
    const ask = (page, method, path, body) => page.evaluate(async ([method, path, body]) => {
      const headers = { 'X-Sofie': '1', 'Content-Type': 'application/json' };
      const answer = await fetch(`/api/v1${path}`, { method, headers, body });
      return { status: answer.status, body: await answer.json() };
    }, [method, path, body && JSON.stringify(body)]);
    known.draft = (await ask(who.page, 'POST', '/packages', { title: 'A draft' })).body.id;
    known.asked = (await ask(who.page, 'POST', '/requests', { email: 'frank@example.net', title: 'Your report' })).body.link;
    await who.context.close();
    const admin = await person(browser);
    await login(admin, '/admin/login', 'root@example.org');
    known.mail = (await ask(admin.page, 'GET', '/admin/outbox')).body.items[0].id;
    const values = { 'guest_form.enabled': true, 'checks.script': 'approval' };
    const set = await ask(admin.page, 'PATCH', '/admin/settings', { values });
    assert.equal(set.status, 200, JSON.stringify(set.body));
    const { id, permissions } = (await ask(admin.page, 'GET', '/admin/users?q=alice')).body.items[0];
    const may = await ask(admin.page, 'PATCH', `/admin/users/${id}`, { permissions: [...permissions, 'approve'] });
    assert.equal(may.status, 200, JSON.stringify(may.body));
    const bob = new Api(sofie.url, { token: await sofie.addUser('bob@example.org') });
    known.waiting = (await bob.package({ type: 'private', title: 'A script', recipients: ['frank@example.net'] })).id;
    await bob.put(known.waiting, 'run.sh', Buffer.from('#!/bin/sh\necho hello\n'));
    assert.equal((await bob.deliver(known.waiting)).state, 'awaiting_decision');
    await admin.context.close();

    const routes = JSON.parse(readFileSync(new URL('../../../frontend/src/routes.json', import.meta.url), 'utf8'));
    const shown = [...PUBLIC, ...USER, ...ADMIN].map((entry) => (typeof entry === 'function' ? entry() : entry));
    const visits = ['/p/of-the-recipient', '/r/of-the-one-asked'];
    const missing = routes.filter((route) => ![...shown, ...visits].some((path) => isOf(route, path)));
    assert.deepEqual(missing, [], 'nobody looks at these pages');
  });

  for (const look of [
    { language: 'en', width: 1440, scheme: 'light' },
    { language: 'en', width: 390, scheme: 'dark' },
    { language: 'cs', width: 1440, scheme: 'dark' },
    { language: 'cs', width: 390, scheme: 'light' },
  ]) {
    it(`axe finds nothing, and nothing sticks out: ${Object.values(look).join(' ')}`, { timeout: 900_000 }, async () => {
      const found = [];
      const visit = async (who, paths, area) => {
        for (const path of paths.map((entry) => (typeof entry === 'function' ? entry() : entry))) {
          assert.doesNotMatch(path, /undefined/, 'an earlier test did not get that far');
          await who.page.goto(`${sofie.url}${path}`);
          await settled(who.page);
          const landed = new URL(who.page.url()).pathname;
          if (landed !== path && !LEAVES.includes(path)) found.push(`${path}: led to ${landed}`);
          const name = `${area}${path.replaceAll(/[0-9a-f-]{36}/g, 'ID').replaceAll('/', '-')}-${Object.values(look).join('-')}`;
          await shot(who.page, name);
          for (const violation of await axe(who.page)) found.push(`${path}: ${violation}`);
          const wide = await who.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) found.push(`${path}: ${wide} px wider than the window`);
          const language = await who.page.evaluate(() => document.documentElement.lang);
          if (!language.startsWith(look.language)) found.push(`${path}: the page is in ${language}`);
          const raw = await who.page.evaluate(() => document.body.innerText.match(/\b[a-z_]+:[a-z_]+\.[a-z_.]+|\{\{\w+\}\}/)?.[0]);
          if (raw) found.push(`${path}: a text is missing: ${raw}`);
        }
      };
      const anyone = await person(browser, look);
      await visit(anyone, PUBLIC, 'public');
      const recipient = await person(browser, { ...look, storageState: known.recipient });
      await visit(recipient, [known.visit], 'recipient');
      const asked = await person(browser, look);
      await asked.page.goto(known.asked);
      await asked.page.waitForURL(/\/r\/[0-9a-f-]+$/);
      await visit(asked, [new URL(asked.page.url()).pathname], 'asked');
      const user = await person(browser, look);
      await login(user, '/login', 'alice@example.org');
      await visit(user, USER, 'user');
      const admin = await person(browser, look);
      await login(admin, '/admin/login', 'root@example.org');
      await visit(admin, ADMIN, 'admin');
      for (const { context, errors } of [anyone, recipient, asked, user, admin]) {
        found.push(...errors);
        await context.close();
      }
      assert.deepEqual(found, []);
    });
  }
});
