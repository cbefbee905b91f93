// Keys and backups (OPS-10, ADM-8, ADM-9): a rotation that is killed again and again, a backup while the server works,
// the loss of everything, and the same installation elsewhere with every file as it was.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, sha256 } from '../lib/api.mjs';
import { BINARY, freePort, Sofie, until } from '../lib/sofie.mjs';

const SIZES = [0, 1, 17, 16_384, 100_000, 1_048_577, 9 << 20, 33];
const SEAL = 'a password for the safe, no other';

const content = (number, size) => Buffer.alloc(size, `content of file ${number}; `);

describe('keys and backups', () => {
  let sofie, alice, bob, safe, password, backup, sealed, token, bobToken;
  const files = []; // { package, id, sha }
  const made = []; // what is uploaded while the backup is written
  let half; // an upload on its way

  const keys = async () => JSON.parse(await sofie.command('keys', 'list', '--json'));

  async function store(number, size) {
    const data = content(number, size);
    const { id } = await alice.package({ type: 'private', title: `Package ${number}`, recipients: ['bob@example.org'] });
    const file = await alice.put(id, `folder/file ${number}.bin`, data);
    await alice.deliver(id);
    return { package: id, id: file.id, sha: sha256(data) };
  }

  async function compare(all, api) {
    for (const file of all) {
      const answer = await api.raw('GET', api.content(file.package, file.id));
      assert.equal(answer.status, 200, `${file.package}: ${answer.body.subarray(0, 300)}`);
      assert.equal(sha256(answer.body), file.sha);
    }
  }

  before(async () => {
    sofie = await Sofie.start();
    token = await sofie.addUser('alice@example.org');
    bobToken = await sofie.addUser('bob@example.org');
    alice = new Api(sofie.url, { token });
    bob = new Api(sofie.url, { token: bobToken });
    safe = mkdtempSync(join(tmpdir(), 'sofie-safe-'));
    password = join(safe, 'password');
    writeFileSync(password, `${SEAL}\n`, { mode: 0o600 });
    backup = join(safe, 'backup');
    sealed = join(safe, 'keys.txt');
    for (const [number, size] of SIZES.entries()) files.push(await store(number, size));
  });
  after(async () => {
    await sofie?.remove();
    rmSync(safe, { recursive: true, force: true });
  });

  it('a rotation that is killed leaves every package readable, and ends', async () => {
    const [first] = await keys();
    assert.deepEqual([first.active, first.state, first.packages], [true, 'ready', files.length]);
    const second = await sofie.command('keys', 'add');
    await sofie.command('keys', 'activate', second);
    files.push(await store('under the second key', 77));
    for (let delay = 0; delay < 300; delay += 60) {
      const child = spawn(BINARY, ['keys', 'rotate', '--data-dir', sofie.data], { stdio: 'ignore' });
      await Promise.race([once(child, 'exit'), sleep(delay)]);
      child.kill('SIGKILL');
      await compare(files, bob);
    }
    await sofie.command('keys', 'rotate');
    assert.deepEqual((await keys()).map((key) => [key.active, key.state, key.packages]), [[false, 'ready', 0], [true, 'ready', files.length]]);
    const refused = await sofie.run(['keys', 'remove', second, '--data-dir', sofie.data]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /active/);
    await sofie.command('keys', 'remove', first.id);
    rmSync(first.place);
    await sofie.stop();
    await sofie.up();
    await compare(files, bob);
  });

  it('the integrity check finds nothing wrong', async () => {
    const report = JSON.parse(await sofie.command('verify', '--deep', '--json'));
    assert.deepEqual([report.sound, report.files, report.problems], [true, files.length, {}]);
  });

  it('a backup is written while uploads go on', async () => {
    const b64 = (value) => Buffer.from(value).toString('base64');
    const { id } = await alice.package({ type: 'private', title: 'Half', recipients: ['bob@example.org'] });
    const tus = { 'Tus-Resumable': '1.0.0' };
    const data = content('half', 3_000_000);
    const begun = await alice.raw('POST', '/uploads', { headers: { ...tus, 'Upload-Length': data.length, 'Upload-Metadata': `package ${b64(id)},filename ${b64('half.bin')}` } });
    half = { package: id, path: `/uploads/${begun.headers.location.split('/').at(-1)}`, data, tus };
    const patch = { ...tus, 'Upload-Offset': 0, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': 1_000_000 };
    const answer = await alice.raw('PATCH', half.path, { body: data.subarray(0, 1_000_000), headers: patch });
    assert.equal(answer.status, 204);

    let writing = true;
    const busy = (async () => {
      for (let number = 0; writing; number += 1) made.push(await store(`meanwhile ${number}`, 50_000));
    })();
    await until('an upload while nothing else happens', () => made.length > 0);
    const out = await sofie.command('backup', backup, '--with-keys', sealed, '--password-file', password);
    writing = false;
    await busy;
    assert.match(out, /worth nothing without the key/);
    assert.equal(statSync(backup).mode & 0o777, 0o700);
    const kek = readFileSync((await keys())[0].place, 'utf8').match(/key = (\w+)/)[1];
    assert.ok(!readFileSync(sealed, 'utf8').includes(kek), 'keys leave sealed only');
    const linked = join(safe, 'linked');
    await sofie.command('backup', linked, '--link');
    const list = readFileSync(join(linked, 'blobs.list'), 'utf8').trim().split('\n');
    const [blob] = list[0].split(' ');
    assert.equal(statSync(join(linked, 'blobs', blob.slice(0, 2), blob)).ino, statSync(join(sofie.data, 'blobs', blob.slice(0, 2), blob)).ino);
    const again = await sofie.run(['backup', backup, '--data-dir', sofie.data]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /not empty/);
  });

  it('after the loss of everything it is restored elsewhere, every file as it was', async () => {
    await sofie.kill9();
    const { dir } = sofie;
    await sofie.remove();
    assert.ok(!existsSync(dir));
    sofie = new Sofie(mkdtempSync(join(tmpdir(), 'sofie-e2e-')), await freePort());
    const without = await sofie.run(['restore', backup, '--data-dir', sofie.data]);
    assert.equal(without.code, 1);
    assert.match(without.stderr, /under the key/);
    assert.ok(!existsSync(sofie.data), 'nothing is made without the keys');

    const out = await sofie.command('restore', backup, '--keys', sealed, '--password-file', password);
    assert.match(out, /all is well/);
    const twice = await sofie.run(['restore', backup, '--data-dir', sofie.data]);
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /not empty/);

    await sofie.up();
    alice = new Api(sofie.url, { token });
    bob = new Api(sofie.url, { token: bobToken });
    await compare(files, bob);
    const report = JSON.parse(await sofie.command('verify', '--deep', '--json'));
    assert.ok(report.sound && report.files >= files.length, JSON.stringify(report));
    // What came while the backup was written is there as a whole or not at all.
    for (const file of made) {
      const answer = await alice.raw('GET', `/packages/${file.package}`);
      if (answer.status === 404) continue;
      // Whoever was at its checks goes on there; a draft is one still.
      if (['draft', 'uploading'].includes(JSON.parse(answer.body).state)) continue;
      await alice.settled(file.package);
      await compare([file], bob);
    }
  });

  it('an upload that was on its way begins anew', async () => {
    const head = await alice.raw('HEAD', half.path, { headers: half.tus });
    assert.equal(Number(head.headers['upload-offset']), 0, `${head.status}`);
    const patch = { ...half.tus, 'Upload-Offset': 0, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': half.data.length };
    assert.equal((await alice.raw('PATCH', half.path, { body: half.data, headers: patch })).status, 204);
    const sent = await alice.deliver(half.package);
    await compare([{ package: half.package, id: sent.files[0].id, sha: sha256(half.data) }], bob);
    files.push(await store('after the restore', 4711));
    await compare(files, bob);
  });

  it('a flipped bit is found, and nothing else is said to be wrong', async () => {
    const blobs = join(sofie.data, 'blobs');
    const all = readdirSync(blobs).flatMap((shard) => (/^..$/.test(shard) ? readdirSync(join(blobs, shard)).map((name) => join(blobs, shard, name)) : []));
    const largest = all.sort((a, b) => statSync(b).size - statSync(a).size)[0];
    const bytes = readFileSync(largest);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(largest, bytes);
    const { code, stdout } = await sofie.run(['verify', '--deep', '--json', '--data-dir', sofie.data]);
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(stdout).problems, { damaged: 1 });
  });
});
