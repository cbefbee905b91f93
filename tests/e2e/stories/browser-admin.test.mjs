// In a real browser: an administrator sets engines up, orders them by keyboard and takes them away again, and reads a file
// with a reason.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { Clamd } from '../lib/engines.mjs';
import { at, button, row, shot } from '../lib/pages.mjs';
import { text } from '../lib/samples.mjs';
import { PASSWORD, Sofie, until } from '../lib/sofie.mjs';

describe('browser: administration', () => {
  let sofie, browser, clamd, login, alice, root;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    clamd = await Clamd.start(sofie.dir);
    browser = await launch();
    ({ login } = at(sofie));
    root = await person(browser);
    await login(root, '/admin/login', 'root@example.org');
  });
  after(async () => {
    await browser?.close();
    await clamd?.stop();
    await sofie?.remove();
  });

  const engines = () => root.page.getByRole('list', { name: root.t('admin:engines.title') });
  const engine = (name) => engines().locator(':scope > li').filter({ hasText: name });
  const dialog = () => root.page.getByRole('dialog');
  const clean = async (what) => {
    assert.deepEqual(await axe(root.page), [], what);
    await shot(root.page, `engines-${what}`);
  };
  const order = () => engines().getByRole('group').evaluateAll((groups) => groups.map((group) => group.getAttribute('aria-label')).filter(Boolean));
  const place = (name) => root.t('admin:engines.place', { name });

  const addresses = () => dialog().getByRole('combobox', { name: root.t('admin:engines.label.any.addresses') });
  const addressed = async (address) => {
    await addresses().fill(address);
    await addresses().press('Enter');
  };

  async function add(name, address) {
    const { page, t } = root;
    await button(page, t('admin:engines.new')).click();
    await dialog().getByLabel(t('admin:engines.form.name')).fill(name);
    await addressed(address);
  }

  it('sets an engine up; one at a wrong address is kept, but off', async () => {
    const { page, t } = root;
    await page.goto(`${sofie.url}/admin/engines`);
    await settled(page);
    await page.getByText(t('admin:engines.no_antivirus')).waitFor();
    await add('First', 'unix:/nowhere/clamd.ctl');
    await clean('new');
    await button(dialog(), t('admin:engines.save')).click();
    await dialog().waitFor({ state: 'detached' });
    await engine('First').getByText(t('admin:engines.unavailable')).waitFor();
    await engine('First').getByText(t('admin:engines.disabled'), { exact: true }).waitFor();
    await clean('unreachable');
    await engine('First').getByRole('button', { name: t('admin:engines.edit') }).click();
    await addresses().press('Backspace');
    await addressed(clamd.address);
    await dialog().getByRole('switch', { name: t('admin:engines.form.enabled') }).press('Space');
    await button(dialog(), t('admin:engines.save')).click();
    await dialog().waitFor({ state: 'detached' });
    await engine('First').getByText(t('admin:engines.available'), { exact: true }).waitFor();
    await page.getByText(t('admin:engines.no_antivirus')).waitFor({ state: 'detached' });
    await add('Second', clamd.address);
    await button(dialog(), t('admin:engines.save')).click();
    await engine('Second').getByText(t('admin:engines.available')).waitFor();
    assert.deepEqual(await order(), [place('First'), place('Second')]);
    await clean('two');
  });

  it('every kind has a form that is complete and reads well', async () => {
    const { page, t } = root;
    for (const kind of ['ICAP', 'Kaspersky Scan Engine', /Program|command/i]) {
      await button(page, t('admin:engines.new')).click();
      await dialog().getByRole('combobox', { name: t('admin:engines.form.kind') }).click();
      await page.getByRole('option', { name: kind }).click();
      const raw = await dialog().evaluate((element) => element.innerText.match(/\b[a-z]+_[a-z_]+\b|admin:\S+/)?.[0]);
      assert.equal(raw, undefined, `${kind}: a word of the program is shown`);
      await clean(`kind-${String(kind).replaceAll(/\W+/g, '-')}`);
      await page.keyboard.press('Escape');
      await dialog().waitFor({ state: 'detached' });
    }
  });

  it('dialogs fit a phone, in Czech and in the dark', async () => {
    const who = await person(browser, { language: 'cs', width: 390, scheme: 'dark' });
    const { page, t } = who;
    await login(who, '/admin/login', 'root@example.org');
    for (const [path, name] of [['engines', 'admin:engines.new'], ['users', 'admin:users.new'], ['administrators', 'admin:administrators.new']]) {
      await page.goto(`${sofie.url}/admin/${path}`);
      await settled(page);
      await button(page, t(name)).click();
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await axe(page), [], path);
      const wide = await page.getByRole('dialog').evaluate((element) => element.scrollWidth - element.clientWidth);
      assert.ok(wide <= 0, `${path}: ${wide} px wider than the dialog`);
      await shot(page, `dialog-${path}-cs-390-dark`);
    }
    assert.deepEqual(who.errors, []);
    await who.context.close();
  });

  it('orders, tests and looks back by keyboard alone', async () => {
    const { page, t } = root;
    await page.getByRole('button', { name: t('admin:engines.up', { name: 'Second' }) }).focus();
    await page.keyboard.press('Enter');
    await until('the order is the other one', async () => (await order())[0] === place('Second'));
    await until('the focus stays', async () => (await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')).includes('Second'));
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    await page.getByRole('button', { name: t('admin:engines.down', { name: 'Second' }) }).focus();
    await page.keyboard.press('Enter');
    await until('the order is as before', async () => (await order())[1] === place('Second'));
    await until('the focus stays', async () => (await focused()) === t('admin:engines.down', { name: 'Second' }));
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await until('the order is the other one again', async () => (await order())[0] === place('Second'));
    await page.reload();
    await settled(page);
    assert.deepEqual(await order(), [place('Second'), place('First')], 'the server knows the order');
    await engine('First').getByRole('button', { name: t('admin:engines.test') }).focus();
    await page.keyboard.press('Space');
    // clamd knows no encrypted Office documents, so its probes are all in sight; those of the internal engines are folded.
    const probe = (of, name, result) => of.getByText(`${t(`admin:engines.probe.${name}`)}: ${t(`admin:engines.${result}`)}`);
    await probe(engine('First'), 'encrypted_office', 'failed').waitFor();
    await probe(engine('First'), 'eicar_7z', 'passed').waitFor();
    const folded = t('admin:engines.all_passed', { count: 8 });
    const internal = page.getByRole('listitem').filter({ hasText: folded }).first();
    await internal.getByText(folded).click();
    await probe(internal, 'eicar', 'passed').waitFor();
    await engine('First').getByRole('button', { name: t('admin:engines.history') }).focus();
    await page.keyboard.press('Enter');
    await dialog().getByText(t('admin:engines.available')).first().waitFor();
    await clean('history');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });

  it('switches one off, and removes it', async () => {
    const { page, t } = root;
    await engine('First').getByRole('button', { name: t('admin:engines.edit') }).click();
    await dialog().getByRole('switch', { name: t('admin:engines.form.enabled') }).press('Space');
    await clean('change');
    await button(dialog(), t('admin:engines.save')).click();
    await dialog().waitFor({ state: 'detached' });
    await engine('First').getByText(t('admin:engines.disabled'), { exact: true }).waitFor();
    await engine('First').getByRole('button', { name: t('admin:engines.remove') }).click();
    await dialog().getByText(t('admin:engines.remove_text')).waitFor();
    await clean('remove');
    await button(dialog(), t('admin:engines.remove')).click();
    await engine('First').waitFor({ state: 'detached' });
    assert.deepEqual(await order(), [place('Second')]);
    await page.goto(`${sofie.url}/admin/audit`);
    await settled(page);
    for (const event of ['ENGINE_REMOVED', 'ENGINE_CHANGED', 'ENGINES_ORDERED', 'ENGINE_CREATED']) {
      await page.getByRole('listitem').filter({ hasText: t(`admin:event.${event}`) }).first().waitFor();
    }
  });

  it('reads a file with a reason, which stands in the log', async () => {
    // The right to read contents is given to nobody unasked.
    const boss = new Api(sofie.url);
    await boss.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    const reader = { email: 'reader@example.org', name: 'Rhea Reader', password: PASSWORD, permissions: ['packages', 'contents', 'logs'] };
    await boss.json('POST', '/admin/administrators', reader);
    const who = await person(browser);
    const { page, t } = who;
    await login(who, '/admin/login', reader.email);
    const dialog = () => page.getByRole('dialog');
    const data = text(700, 'confidential');
    const { id } = await alice.package({ type: 'private', title: 'Confidential', recipients: ['bob@example.net'] });
    await alice.put(id, 'plan.txt', data);
    assert.equal((await alice.deliver(id)).state, 'delivered');
    await page.goto(`${sofie.url}/admin/packages/${id}`);
    await settled(page);
    await row(page, t('packages:files'), 'plan.txt').getByRole('button', { name: t('admin:read.label') }).click();
    const confirm = button(dialog(), t('admin:read.label'));
    assert.ok(await confirm.isDisabled(), 'without a reason nothing is read');
    await dialog().getByLabel(t('admin:decision.reason')).fill('The sender asked what arrived.');
    assert.deepEqual(await axe(page), []);
    await shot(page, 'admin-read');
    const downloading = page.waitForEvent('download');
    await confirm.click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), 'plan.txt');
    assert.deepEqual(readFileSync(await download.path()), data);
    await dialog().waitFor({ state: 'detached' });
    await page.goto(`${sofie.url}/admin/audit`);
    await settled(page);
    const entry = page.getByRole('listitem').filter({ hasText: t('admin:event.FILE_READ') }).first();
    await entry.waitFor();
    const details = entry.getByText(t('admin:audit.details'));
    if (await details.count() > 0) await details.first().click();
    await entry.getByText('The sender asked what arrived.').waitFor();
    await shot(page, 'admin-read-audit');
    assert.deepEqual([...root.errors, ...who.errors], []);
    assert.ok(!sofie.log().includes('The sender asked what arrived.'), 'the reason stands in the audit log alone');
    await who.context.close();
  });
});
