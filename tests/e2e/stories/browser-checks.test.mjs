// In a real browser: what must not get through does not, whatever it is called, and both sides see why; links open from
// anywhere; whoever leaves a computer leaves nothing on it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, badge, button, prove, row, sendNow, shot } from '../lib/pages.mjs';
import { bomb, EICAR, encryptedZip, text, zip } from '../lib/samples.mjs';
import { Sofie } from '../lib/sofie.mjs';

const RECIPIENT = 'bob@example.net';
const mime = 'application/octet-stream';
/** What nobody may see raw: characters that turn text around, controls. */
const UNSEEN = /[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Names that lie, leave their folder or are a page of their own; the first word tells them apart. */
const HOSTILE = {
  turned: 'turned\u202Efdp.exe.txt',
  image: 'image<img src=x onerror="document.title=\'taken over\'">.txt',
  climbing: '../../../climbing.txt',
  bell: 'bell\u0007\u001b[31m.txt',
  percent: '%2e%2e%2fpercent.txt',
};

/** What is held back, and the text that says why. */
const HELD = {
  'eicar.com.txt': [() => EICAR, 'packages:finding_name.eicar-test-file', 'packages:file_state.blocked'],
  'nested.zip': [() => zip({ 'inner.zip': zip({ 'x.txt': EICAR }) }), 'packages:finding_name.eicar-test-file', 'packages:file_state.blocked'],
  'locked.zip': [encryptedZip, 'packages:finding_name.encrypted-zip-member', 'packages:file_state.unscannable'],
  'bomb.zip': [bomb, 'packages:finding_name.ratio-limit', 'packages:file_state.unscannable'],
};

describe('browser: checks', () => {
  let sofie, browser, login, compose, elsewhere;
  const known = {};
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    await sofie.addUser('alice@example.org');
    browser = await launch();
    ({ login, compose } = at(sofie));
    elsewhere = createServer((_, answer) => {
      answer.setHeader('Content-Type', 'text/html; charset=utf-8');
      answer.end(`<!doctype html><title>Webmail</title><a href="${known.href}">the link</a> <a href="${known.href}" target="_blank">in a new window</a>`);
    }).listen(0, 'localhost');
    await once(elsewhere, 'listening');
    known.elsewhere = `http://localhost:${elsewhere.address().port}/`;
  });
  after(async () => {
    elsewhere?.close();
    await browser?.close();
    await sofie?.remove();
  });

  const shown = async (page) => {
    assert.equal(await page.locator('main img').count(), 0, 'a name became an image');
    assert.doesNotMatch(await page.title(), /taken over/);
    const lines = await page.evaluate(() => document.body.innerText);
    assert.doesNotMatch(lines.replaceAll(/[\n\t]/g, ' '), UNSEEN, 'the page shows what nobody sees');
  };

  it('one package with a clean file and everything that is dangerous: the sender sees what is held, and why', { timeout: 600_000 }, async () => {
    const who = await person(browser);
    const { page, t, errors } = who;
    await login(who, '/login', 'alice@example.org');
    const dangerous = Object.entries(HELD).map(([name, [make]]) => ({ name, mimeType: mime, buffer: make() }));
    known.report = text(2000);
    const hostile = Object.values(HOSTILE).map((name) => ({ name, mimeType: 'text/plain', buffer: text(3) }));
    await compose(who, RECIPIENT, 'All sorts', [{ name: 'report.txt', mimeType: 'text/plain', buffer: known.report }, ...dangerous, ...hostile]);
    const files = page.getByRole('list', { name: t('send:files') });
    for (const name of ['report.txt', ...Object.keys(HELD)]) await files.getByRole('listitem').filter({ hasText: name }).getByText(t('send:item.done')).waitFor();
    await shown(page);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'checks-composer');
    known.refused = [];
    for (const word of Object.keys(HOSTILE)) {
      const item = row(page, t('send:files'), word);
      const done = item.getByText(t('send:item.done'));
      const failed = item.getByText(t('error.file_name'));
      await done.or(failed).first().waitFor();
      if (await done.count() > 0) continue;
      known.refused.push(word);
      await item.getByRole('button', { name: /./ }).last().click();
      await item.waitFor({ state: 'detached' });
    }
    await shot(page, 'checks-composer-kept');
    known.package = await sendNow(who);
    await badge(page, t('packages:state.partly_delivered')).waitFor({ timeout: 600_000 });
    await row(page, t('packages:files'), 'report.txt').getByText(t('packages:file_state.clean')).waitFor();
    for (const [name, [, finding, state]] of Object.entries(HELD)) {
      const item = row(page, t('packages:files'), name);
      await item.getByText(t(finding)).first().waitFor();
      await item.getByText(t(state)).first().waitFor();
      assert.equal(await item.getByRole('link').count(), 0, `${name} can be fetched`);
    }
    await shown(page);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'checks-package');
    assert.deepEqual(errors, []);
    await who.context.close();
  });

  it('a click on the mailed link on another site opens the page', async () => {
    known.href = await sofie.link(RECIPIENT);
    for (const target of ['the link', 'in a new window']) {
      const who = await person(browser);
      const { context, page, t, errors } = who;
      await page.goto(known.elsewhere);
      const opened = target === 'the link' ? page : context.waitForEvent('page');
      await page.getByRole('link', { name: target }).click();
      const landed = await opened;
      await button(landed, t('code.send')).waitFor();
      assert.ok(landed.url().startsWith(sofie.url) && !landed.url().includes('#'), landed.url());
      assert.deepEqual(errors, []);
      await context.close();
    }
    // Somebody who is logged in stays so.
    const alice = await person(browser);
    await login(alice, '/login', 'alice@example.org');
    const link = known.href;
    known.href = `${sofie.url}/packages/${known.package}`;
    await alice.page.goto(known.elsewhere);
    await alice.page.getByRole('link', { name: 'the link' }).click();
    await row(alice.page, alice.t('packages:files'), 'report.txt').waitFor();
    known.href = link;
    await alice.context.close();
  });

  it('the recipient gets what is clean, sees that the rest is held, and names do no harm', { timeout: 600_000 }, async () => {
    const who = await person(browser, { width: 390 });
    const { page, t, errors } = who;
    await page.goto(known.href);
    await prove(who, sofie, RECIPIENT);
    await row(page, t('packages:files'), 'report.txt').waitFor();
    await shown(page);
    assert.deepEqual(await axe(page), []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px wider than the window`);
    await shot(page, 'checks-recipient-390');
    for (const [name, [, , state]] of Object.entries(HELD)) {
      const item = row(page, t('packages:files'), name);
      await item.getByText(t(state)).first().waitFor();
      assert.equal(await item.getByRole('link').count(), 0, `${name} can be fetched`);
    }
    const links = page.getByRole('list', { name: t('packages:files') }).getByRole('link');
    const names = [];
    for (let i = 0; i < await links.count(); i += 1) {
      const downloading = page.waitForEvent('download');
      await links.nth(i).click();
      const download = await downloading;
      const name = download.suggestedFilename();
      names.push(name);
      assert.doesNotMatch(name, UNSEEN, 'a download under a name that lies');
      assert.doesNotMatch(name, /[/\\<>"|?*]|^\.\.?$/, 'a download that leaves its folder');
      if (name === 'report.txt') assert.deepEqual(readFileSync(await download.path()), known.report);
    }
    assert.ok(names.includes('report.txt'), `fetched: ${names}`);
    assert.deepEqual(errors, []);
    known.visit = page.url();
    known.left = who;
  });

  it('forgets whoever leaves the computer', async () => {
    const { page, t, errors, context } = known.left;
    await button(page, t('forget.label')).click();
    const ask = page.getByRole('group', { name: t('forget.label') });
    await ask.waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'forget-me-390');
    await button(ask, t('action.cancel')).click();
    await ask.waitFor({ state: 'detached' });
    await button(page, t('forget.label')).click();
    await button(ask, t('forget.confirm')).click();
    await page.waitForURL((url) => !url.pathname.startsWith('/p/'));
    await settled(page);
    assert.deepEqual((await context.cookies()).filter(({ value }) => value !== '').map(({ name }) => name), []);
    await page.goto(known.visit);
    await settled(page);
    await page.getByText(t('visit:invalid.title')).first().waitFor();
    await page.goto(known.href);
    await button(page, t('code.send')).waitFor();
    assert.deepEqual(errors, []);
    await context.close();
  });
});
