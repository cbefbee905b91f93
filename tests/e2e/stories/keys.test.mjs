// Keys sealed by a service (ADM-8): an installation that begins under one, waits for it, goes on without it, and is cut off
// by its revocation at the next start; and the way out by escrow when the service has lost its key.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { freePort, Sofie, until } from '../lib/sofie.mjs';
import { TOKEN, Vault } from '../lib/vault.mjs';

describe('keys sealed by a service', () => {
  let sofie, vault, safe, alice, bob, bobToken, sent;
  before(async () => {
    vault = await Vault.start();
    safe = mkdtempSync(join(tmpdir(), 'sofie-safe-'));
    writeFileSync(join(safe, 'token'), `${TOKEN}\n`, { mode: 0o600 });
    writeFileSync(join(safe, 'password'), 'a password for the safe, no other\n', { mode: 0o600 });
    const dir = mkdtempSync(join(tmpdir(), 'sofie-e2e-'));
    sofie = new Sofie(dir, await freePort());
    sofie.env = {
      SOFIE__KEYS__SEAL: 'vault',
      SOFIE__KEYS__VAULT__ADDRESS: vault.url,
      SOFIE__KEYS__VAULT__TOKEN_FILE: join(safe, 'token'),
    };
  });
  after(async () => {
    await sofie?.remove();
    vault?.stop();
    rmSync(safe, { recursive: true, force: true });
  });

  const run = (...args) => sofie.run([...args, '--data-dir', sofie.data], { env: sofie.env });
  const command = async (...args) => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, stdout + stderr);
    return stdout.trim();
  };
  const ready = () => fetch(`${sofie.url}/readyz`).catch(() => null);
  const readable = async (api) => {
    const answer = await api.raw('GET', api.content(sent.package, sent.file));
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), 'an offer');
  };
  const folder = () => `${sofie.data}.kek.d`;

  it('the first start waits for the service, says so, and begins when it is there', async () => {
    vault.sealed = true;
    const up = sofie.up(120_000);
    up.catch(() => undefined);
    const early = await until('it says why it is not ready', async () => {
      const answer = await ready();
      return answer?.status === 503 ? await answer.text() : null;
    });
    assert.match(early, /the service that opens the keys/);
    assert.equal((await fetch(`${sofie.url}/healthz`)).status, 200, 'it lives');
    const other = await fetch(`${sofie.url}/api/v1/session`);
    assert.deepEqual([other.status, other.headers.get('retry-after')], [503, '10']);
    assert.match(sofie.log(), /Vault is sealed/);
    assert.ok(!existsSync(folder()) || readdirSync(folder()).length === 0, 'no key was made');
    vault.sealed = false;
    await up;

    const [name] = readdirSync(folder());
    assert.match(name, /^[0-9a-f]{16}\.sealed$/);
    assert.match(readFileSync(join(folder(), name), 'utf8'), /^by = vault$/m);
    assert.ok(!existsSync(`${sofie.data}.kek`), 'no key lies open');
    const add = async (email) => {
      await command('user', 'add', '--email', email, '--password-file', join(safe, 'password'));
      return await command('token', 'create', '--user', email);
    };
    alice = new Api(sofie.url, { token: await add('alice@example.org') });
    bobToken = await add('bob@example.org');
    bob = new Api(sofie.url, { token: bobToken });
    const { id } = await alice.package({ type: 'private', title: 'Offer', recipients: ['bob@example.org'] });
    const file = await alice.put(id, 'offer.txt', Buffer.from('an offer'));
    await alice.deliver(id);
    sent = { package: id, file: file.id };
  });

  it('a process that runs does not need the service; a new one does', async () => {
    const doctor = JSON.parse((await run('doctor', '--json')).stdout);
    const of = (findings, what) => findings.find((one) => one.what === what);
    assert.equal(of(doctor, 'keys.vault').level, 'ok');
    const asked = vault.decrypts;
    vault.revoked = true;
    await readable(bob);
    assert.equal(vault.decrypts, asked, 'nothing is asked to read a package');
    assert.equal((await ready()).status, 200);
    const list = await run('keys', 'list');
    assert.equal(list.code, 78, 'a service manager does not try again');
    assert.match(list.stderr, /refuses: status 403, permission denied/);
    const ill = JSON.parse((await run('doctor', '--json')).stdout);
    assert.equal(of(ill, 'sealed key').level, 'warn');
    assert.equal(of(ill, 'keys in use').level, 'fail');

    await sofie.stop();
    await assert.rejects(sofie.up(), /refuses: status 403/, 'revoked is not waited for');
    vault.revoked = false;
    await sofie.up();
    await readable(bob);
  });

  it('a key of ones own takes over, and the service is not needed any more', async () => {
    const keys = async () => JSON.parse(await command('keys', 'list', '--json'));
    const [first] = await keys();
    assert.deepEqual([first.seal, first.active, first.packages], ['vault', true, 1]);
    const second = await command('keys', 'add', '--seal', 'none');
    await command('keys', 'activate', second);
    await command('keys', 'rotate');
    await command('keys', 'remove', first.id);
    assert.deepEqual((await keys()).map((key) => [key.id, key.seal, key.packages]), [[second, null, 1]]);
    await sofie.stop();
    vault.sealed = true;
    await sofie.up();
    await readable(bob);
    vault.sealed = false;
  });

  it('keys in escrow open everything when the service has lost its own', async () => {
    const third = await command('keys', 'add');
    await command('keys', 'activate', third);
    await command('keys', 'rotate');
    const escrow = join(safe, 'keys.txt');
    await command('keys', 'export', '--to', escrow, '--password-file', join(safe, 'password'));
    await sofie.stop();
    rmSync(`${sofie.data}.kek`, { force: true });
    vault.stop();
    vault = await Vault.start();
    sofie.env.SOFIE__KEYS__VAULT__ADDRESS = vault.url;
    await assert.rejects(sofie.up(), /authentication failed/);
    const placed = await command('keys', 'import', '--from', escrow, '--password-file', join(safe, 'password'), '--seal', 'none');
    assert.match(placed, new RegExp(third));
    await sofie.up();
    await readable(bob);
  });
});
