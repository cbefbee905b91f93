// YARA rules on the pages and by the API: bad ones are told line by line, good ones hold a marker in a zip in a zip.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, button, row, shot } from '../lib/pages.mjs';
import { zip } from '../lib/samples.mjs';
import { PASSWORD, Sofie } from '../lib/sofie.mjs';

const MARKER = Buffer.from('here is MARKER-OF-OURS\n');
const NESTED = zip({ 'inner.zip': zip({ 'note.txt': MARKER }), 'readme.txt': Buffer.from('nothing here\n') });
const rule = (name, text) => `rule ${name} {\n  strings:\n    $a = "${text}"\n  condition:\n    $a\n}\n`;

describe('yara', () => {
  let sofie, browser, alice, root;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    root = new Api(sofie.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await sofie?.remove();
  });

  async function sent(title) {
    const { id } = await alice.package({ type: 'private', title, recipients: ['bob@example.net'] });
    await alice.put(id, 'nested.zip', NESTED);
    return await alice.deliver(id);
  }

  it('bad rules are told, good ones come into force, on the pages', async () => {
    const who = await person(browser);
    const { page, t, errors } = who;
    await at(sofie).login(who, '/admin/login', 'root@example.org');
    await page.goto(`${sofie.url}/admin/rules`);
    await page.getByText(t('admin:rules.empty'), { exact: true }).waitFor();
    await button(page, t('admin:rules.new')).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(t('admin:rules.name')).fill('own');
    const source = dialog.getByRole('textbox', { name: t('admin:rules.source') });
    await source.fill(rule('marker', 'MARKER-OF-OURS').replace('$a\n}', '$b\n}'));
    await button(dialog, t('admin:rules.upload')).click();
    const told = dialog.getByRole('list', { name: t('admin:rules.errors') });
    await told.getByText(t('admin:rules.line', { line: 5 })).waitFor();
    await settled(page);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'rules-errors');
    assert.equal((await root.json('GET', '/admin/rule-sets')).items.length, 0);
    // What was refused is in the browser's console, as every refused request is.
    errors.length = 0;

    await source.fill(rule('marker', 'MARKER-OF-OURS'));
    await button(dialog, t('admin:rules.upload')).click();
    await dialog.waitFor({ state: 'detached' });
    const versions = t('admin:rules.versions_of', { name: 'own' });
    const first = row(page, versions, t('admin:rules.version', { version: 1 }));
    await button(first, t('admin:rules.activate')).click();
    await button(page.getByRole('dialog'), t('admin:rules.activate')).click();
    await first.getByText(t('admin:rules.active'), { exact: true }).waitFor();
    await settled(page);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'rules');
    await page.goto(`${sofie.url}/admin/engines`);
    await page.getByRole('listitem').filter({ hasText: t('packages:engine.yara') }).first().waitFor();
    assert.deepEqual(errors, []);
    await who.context.close();
  });

  it('a marker in a zip in a zip is held, by the name of the rule', async () => {
    const held = await sent('Nested');
    const [file] = held.files;
    assert.equal(file.state ?? file.check, 'blocked', JSON.stringify(held));
    const { files } = await root.json('GET', `/admin/packages/${held.id}/verdicts`);
    const found = files[0].verdicts.find(({ engine }) => engine === 'yara');
    assert.deepEqual([found.outcome, found.name, found.object], ['suspicious', 'own:marker', 'nested.zip/inner.zip/note.txt']);
  });

  it('another version lets it pass, and rolling back holds it again', async () => {
    await root.json('POST', '/admin/rule-sets', { name: 'own', source: rule('other', 'SOMETHING-ELSE') });
    await root.json('PUT', '/admin/rule-sets/own/active', { version: 2 });
    assert.equal((await sent('Passes')).state, 'delivered');

    const who = await person(browser, { language: 'cs', width: 390, scheme: 'dark' });
    const { page, t, errors } = who;
    await at(sofie).login(who, '/admin/login', 'root@example.org');
    await page.goto(`${sofie.url}/admin/rules`);
    const versions = t('admin:rules.versions_of', { name: 'own' });
    const first = row(page, versions, t('admin:rules.version', { version: 1 }));
    await button(first, t('admin:rules.roll_back')).click();
    await button(page.getByRole('dialog'), t('admin:rules.roll_back')).click();
    await first.getByText(t('admin:rules.active'), { exact: true }).waitFor();
    await settled(page);
    assert.deepEqual(await axe(page), []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} pixels too wide`);
    await shot(page, 'rules-390-dark');
    assert.deepEqual(errors, []);
    await who.context.close();
    assert.notEqual((await sent('Held again')).state, 'delivered');
  });
});
