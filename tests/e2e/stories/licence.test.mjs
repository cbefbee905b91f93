// The licence with the real binary: made by its vendor, installed, refreshed by a server, ended, and what goes on then.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { PASSWORD, Sofie, until } from '../lib/sofie.mjs';
import { Vendor, day } from '../lib/vendor.mjs';

const FAKETIME = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`).find((path) => existsSync(path));
const DAY = 24 * 3600;

describe('the licence', () => {
  let sofie, alice, vendor, env, root, server, answer;
  const asked = [];
  before(async () => {
    sofie = await Sofie.start();
    vendor = await Vendor.of(sofie);
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3', '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE'], { cwd: vendor.dir, stdio: 'ignore' });
    const pem = (name) => readFileSync(join(vendor.dir, name));
    server = createServer({ key: pem('key.pem'), cert: pem('cert.pem') }, (request, reply) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        asked.push({ headers: request.headers, body });
        reply.writeHead(200).end(answer);
      });
    }).listen(0);
    await once(server, 'listening');
    env = { ...vendor.env, SSL_CERT_FILE: join(vendor.dir, 'cert.pem') };
    await restart(0);
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    await sofie.addAdministrator('root@example.org');
    root = new Api(sofie.url);
  });
  after(async () => {
    await sofie?.remove();
    server?.close();
    vendor?.remove();
  });

  /** Starts the server again, so many days later. */
  async function restart(days) {
    await sofie.stop();
    const later = { LD_PRELOAD: FAKETIME, FAKETIME: `+${days * DAY}`, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' };
    sofie.env = days ? { ...env, ...later } : env;
    await sofie.up();
  }

  const command = (args, input) => sofie.run(['licence', ...args, '--data-dir', sofie.data], { env, input });
  const shown = async () => JSON.parse((await command(['show', '--json'])).stdout);

  it('keeps the key that signs sealed, and needs its password', async () => {
    assert.equal(statSync(vendor.key).mode & 0o777, 0o400);
    const again = await sofie.run(['licence', 'keygen', '--to', vendor.key, '--password-file', '-'], { input: `${PASSWORD}\n` });
    assert.match(again.stderr, /exists already/);
    const wrong = await sofie.run(['licence', 'issue', '--key', vendor.key, '--password-file', '-', '--holder', 'x', '--expires', day(1)], { input: 'another password\n' });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /password is wrong/);
  });

  it('is not needed', async () => {
    assert.deepEqual(await shown(), { standing: 'unlicensed', fault: null, until: null, users: 0, installed_at: null, refreshed_at: null, licence: null });
    assert.match((await command(['remove'])).stderr, /no licence is installed/);
  });

  it('is installed from the standard input, and a running server follows', async () => {
    const text = await vendor.issue('--users', '2', '--expires', day(60));
    const spoilt = await command(['install', '-'], text.replace(/\n[A-Za-z0-9+/]/, '\nQ'));
    assert.equal(spoilt.code, 1);
    assert.match(spoilt.stderr, /changed after it was signed/);
    const done = await command(['install', '-'], text);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /standing: valid\n[^]*users: 1 of 2\n/);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    const seen = await until('the server sees it', async () => {
      const { licence } = await root.json('GET', '/admin/session');
      return licence.standing === 'valid' && licence;
    });
    assert.equal(seen.fault, null);
  });

  it('lets in as many users as it says', async () => {
    const add = (email) => {
      writeFileSync(join(vendor.dir, 'password'), `${PASSWORD}\n`);
      return sofie.run(['user', 'add', '--email', email, '--password-file', join(vendor.dir, 'password'), '--data-dir', sofie.data], { env });
    };
    assert.equal((await add('bob@example.org')).code, 0);
    const refused = await add('carol@example.org');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /licence allows no more users|user_limit/);
    const answered = await root.raw('POST', '/admin/users', { body: JSON.stringify({ email: 'carol@example.org', name: 'Carol' }), headers: { 'Content-Type': 'application/json' } });
    assert.deepEqual([answered.status, JSON.parse(answered.body).code], [409, 'user_limit']);
  });

  it('is refreshed over HTTPS, with an id and a number and nothing else', { skip: !FAKETIME && 'libfaketime is not installed' }, async () => {
    const { licence } = await shown();
    answer = await vendor.issue('--id', licence.id, '--users', '3', '--expires', day(20));
    const values = { 'licence.refresh_url': `https://localhost:${server.address().port}/refresh` };
    await root.json('PATCH', '/admin/settings', { values });
    await restart(1);
    const fresh = await until('the licence is another one', async () => {
      const now = await shown();
      return now.licence.users === 3 && now;
    });
    assert.ok(fresh.refreshed_at);
    assert.equal(asked.length, 1);
    assert.deepEqual(JSON.parse(asked[0].body), { licence: licence.id, users: 2 });
    assert.deepEqual(Object.keys(asked[0].headers).sort(), ['accept', 'content-length', 'content-type', 'host', 'user-agent']);
  });

  it('when it has ended, what is there goes on and nothing comes in', { skip: !FAKETIME && 'libfaketime is not installed' }, async () => {
    await restart(1);
    const { id } = await alice.package({ type: 'public', expires_in_days: 90 });
    await alice.put(id, 'a.txt', Buffer.from('kept'));
    const pack = await alice.deliver(id);
    await restart(60);
    const refused = await alice.raw('POST', '/packages', { body: '{"type":"public"}', headers: { 'Content-Type': 'application/json' } });
    assert.deepEqual([refused.status, JSON.parse(refused.body).code], [403, 'demo_mode']);
    const got = await alice.raw('GET', alice.content(id, pack.files[0].id));
    assert.deepEqual([got.status, got.body.toString()], [200, 'kept']);
    await sofie.mail('root@example.org', /Nothing new|no new package/);
    await alice.json('DELETE', `/packages/${id}`);
  });

  it('is removed, and this is the default edition again', async () => {
    const done = await command(['remove']);
    assert.equal(done.code, 0, done.stderr);
    await until('the server sees it', async () => {
      const made = await alice.raw('POST', '/packages', { body: '{"type":"public"}', headers: { 'Content-Type': 'application/json' } });
      return made.status === 201;
    });
  });
});
