// In a real browser: a locked archive is held, its sender is asked, and the real verdict follows (DET-7). The password is kept nowhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { axe, launch, person, settled } from '../lib/browser.mjs';
import { at, button, prove, shot } from '../lib/pages.mjs';
import { EICAR } from '../lib/samples.mjs';
import { query } from '../lib/scan.mjs';
import { PASSWORD as ACCOUNT_PASSWORD, LINK, Sofie } from '../lib/sofie.mjs';

const PASSWORD = 'Tulip-4711-unlikely';

/** An archive that the usual program has locked. */
function locked(content) {
  const dir = mkdtempSync(join(tmpdir(), 'locked-'));
  try {
    writeFileSync(join(dir, 'inside.txt'), content);
    execFileSync('zip', ['-q', '-P', PASSWORD, 'locked.zip', 'inside.txt'], {
      cwd: dir,
    });
    return readFileSync(join(dir, 'locked.zip'));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('browser: passwords', () => {
  let sofie, browser, alice, who;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    alice = new Api(sofie.url, {
      token: await sofie.addUser('alice@example.org'),
    });
    browser = await launch();
    who = await person(browser);
    await at(sofie).login(who, '/login', 'alice@example.org');
  });
  after(async () => {
    await browser?.close();
    await sofie?.remove();
  });

  const send = async (content, note = '') => {
    const { id } = await alice.package({
      type: 'public',
      title: 'Locked',
      note,
    });
    await alice.put(id, 'locked.zip', locked(content));
    return await alice.deliver(id);
  };
  const give = async (page, t, password) => {
    await page.getByLabel(t('packages:unlock.password')).fill(password);
    await button(page, t('packages:unlock.submit')).click();
  };

  it('a password in the note opens it', async () => {
    const seen = await send(
      'the figures of March',
      `The password is ${PASSWORD}.`,
    );
    assert.equal(seen.state, 'delivered');
    assert.equal(seen.files[0].check, 'flagged');
  });

  it('the sender is asked, is told of a wrong one, and the right one delivers', async () => {
    const held = await send('the figures of April');
    assert.equal(held.state, 'withheld');
    const { page, t } = who;
    await page.goto(`${sofie.url}/packages/${held.id}`);
    await settled(page);
    await page.getByText(t('packages:unlock.title')).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, 'passwords-asked');
    await give(page, t, 'not this one');
    await page.getByText(t('packages:unlock.wrong')).waitFor();
    await shot(page, 'passwords-wrong');
    await give(page, t, PASSWORD);
    await page.getByText(t('packages:state.delivered')).first().waitFor();
    await page
      .getByText(t('packages:unlock.title'))
      .waitFor({ state: 'detached' });
  });

  it('looks well in the dark, in Czech, on a phone', async () => {
    const held = await send('the figures of May');
    const phone = await person(browser, { language: 'cs', width: 390, scheme: 'dark' });
    await at(sofie).login(phone, '/login', 'alice@example.org');
    await phone.page.goto(`${sofie.url}/packages/${held.id}`);
    await settled(phone.page);
    await phone.page.getByText(phone.t('packages:unlock.title')).waitFor();
    assert.deepEqual(await axe(phone.page), []);
    await shot(phone.page, 'passwords-asked-dark-390-cs');
    await phone.context.close();
  });

  it('a recipient from outside is asked by mail, if the setting says so, and sees nothing but that', async () => {
    const root = new Api(sofie.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: ACCOUNT_PASSWORD });
    await root.json('PATCH', '/admin/settings', { values: { 'checks.recipients_unlock': true } });
    const { id } = await alice.package({ title: 'Confidential', recipients: ['carol@example.net'] });
    await alice.put(id, 'locked.zip', locked('the figures of June'));
    assert.equal((await alice.deliver(id)).state, 'withheld');
    const mail = await sofie.mail('carol@example.net', LINK);
    assert.ok(!mail.text.includes('Confidential'));
    const guest = await person(browser, { width: 390 });
    const { page, t } = guest;
    await page.goto(mail.text.match(LINK)[0]);
    await prove(guest, sofie, 'carol@example.net');
    await page.getByText(t('packages:unlock.title')).waitFor();
    assert.equal(await page.getByText('locked.zip').count(), 0);
    assert.deepEqual(await axe(page), []);
    await shot(page, 'passwords-recipient-390');
    await give(page, t, PASSWORD);
    await page.getByText('locked.zip').first().waitFor();
    await page.getByText('Confidential').first().waitFor();
    await guest.context.close();
  });

  it('what is dangerous inside is blocked', async () => {
    const held = await send(EICAR);
    const { page, t } = who;
    await page.goto(`${sofie.url}/packages/${held.id}`);
    await settled(page);
    await give(page, t, PASSWORD);
    await page
      .getByText(t('packages:finding_name.eicar-test-file'))
      .first()
      .waitFor();
    assert.equal(
      (await alice.json('GET', `/packages/${held.id}`)).files[0].check,
      'blocked',
    );
  });

  it('the password is in no row and no line of the log', async () => {
    const tables = query(
      sofie.data,
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    assert.ok(tables.length > 20);
    for (const table of tables) {
      const rows = query(
        sofie.data,
        `SELECT to_jsonb(x) FROM ${table} x`,
      ).join('\n');
      assert.ok(!rows.includes(PASSWORD), `a row of ${table} has it`);
    }
    assert.ok(!sofie.log().includes(PASSWORD));
  });
});
