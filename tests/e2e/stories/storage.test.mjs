// Files in an object store, by TLS (OPS-5): packages of any size, a kill in the middle of an upload, a store that is gone,
// full, not to be trusted or somebody else's, deletion, a backup that is restored into another bucket (OPS-10), and the move
// between a folder and a bucket.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api, sha256 } from '../lib/api.mjs';
import { ObjectStore } from '../lib/s3.mjs';
import { noise } from '../lib/samples.mjs';
import { find, forms, query, runTask } from '../lib/scan.mjs';
import { freePort, PASSWORD, Sofie, until } from '../lib/sofie.mjs';

const MIB = 1 << 20;
const TUS = { 'Tus-Resumable': '1.0.0', Connection: 'close' };
const b64 = (value) => Buffer.from(value).toString('base64');

/** What every command and every server of this story finds in its environment. */
function use(env) {
  for (const name of Object.keys(process.env)) if (name.startsWith('SOFIE__STORAGE__')) delete process.env[name];
  Object.assign(process.env, env);
}

/** Begins a tus upload; returns how to go on with it, on a new connection each time: a refusal may end the old one. */
async function upload(api, id, name, size) {
  const made = await api.raw('POST', '/uploads', {
    headers: { ...TUS, 'Upload-Length': size, 'Upload-Metadata': `package ${b64(id)},filename ${b64(name)}` },
  });
  assert.equal(made.status, 201, `${made.body}`);
  const path = `/uploads/${made.headers.location.split('/').at(-1)}`;
  return {
    offset: async () => Number((await api.raw('HEAD', path, { headers: TUS })).headers['upload-offset']),
    patch: (offset, body) => api.raw('PATCH', path, {
      body, headers: { ...TUS, 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': body.length },
    }),
  };
}

/** Fetches every file of a package and compares it. */
async function assertContents(api, id, expected) {
  const pack = await api.json('GET', `/packages/${id}`);
  assert.equal(pack.files.length, Object.keys(expected).length);
  for (const file of pack.files) {
    const got = await api.raw('GET', api.content(id, file.id));
    assert.equal(got.status, 200, `${file.path}: ${got.body.subarray(0, 300)}`);
    assert.equal(sha256(got.body), sha256(expected[file.path]), file.path);
  }
}

describe('files in a bucket', () => {
  let store, sofie, token, alice;
  const files = { 'empty.txt': Buffer.alloc(0), 'one.bin': noise(MIB), 'forty.bin': noise(40 * MIB) };
  before(async () => {
    store = await ObjectStore.start({ tls: true });
    use(store.env('sofie/files'));
    sofie = await Sofie.start();
    token = await sofie.addUser('alice@example.org');
    alice = new Api(sofie.url, { token });
  });
  after(async () => {
    await sofie?.remove();
    await store?.stop();
    use({});
  });

  it('takes a package with files of 0, 1 and 40 MiB, though it is killed in the middle', { timeout: 900_000 }, async () => {
    const { id } = await alice.package({ type: 'public' });
    await alice.put(id, 'empty.txt', files['empty.txt']);
    await alice.put(id, 'one.bin', files['one.bin']);
    const forty = files['forty.bin'];
    const run = await upload(alice, id, 'forty.bin', forty.length);
    const step = 5_000_011;
    assert.equal((await run.patch(0, forty.subarray(0, step))).status, 204);
    assert.equal((await run.patch(step, forty.subarray(step, 2 * step))).status, 204);
    const before = store.keys('/data/').length;
    const cut = run.patch(2 * step, forty.subarray(2 * step)).catch(() => null);
    await until('more of it is stored', () => store.keys('/data/').length > before, 30_000, 5);
    await sofie.kill9();
    await cut;
    await sofie.up();
    const offset = await run.offset();
    assert.ok(offset >= 2 * step && offset <= forty.length, `${offset}`);
    assert.equal((await run.patch(offset, forty.subarray(offset))).status, 204);
    assert.equal((await alice.deliver(id)).state, 'delivered');
    await assertContents(alice, id, files);
    const range = await alice.raw('GET', alice.content(id, (await alice.json('GET', `/packages/${id}`)).files.find((file) => file.path === 'forty.bin').id), { headers: { Range: 'bytes=8388000-8389999' } });
    assert.deepEqual([range.status, sha256(range.body)], [206, sha256(forty.subarray(8_388_000, 8_390_000))]);
    assert.equal((await alice.raw('GET', `/packages/${id}/zip`)).status, 200);
  });

  it('keeps nothing plain, neither here nor there', async () => {
    const needle = 'a-silent-heron-counts-the-lamps-41';
    const { id } = await alice.package({ type: 'public' });
    await alice.put(id, 'a.txt', Buffer.alloc(3 * MIB, `${needle} `));
    assert.equal((await alice.deliver(id)).state, 'delivered');
    const needles = forms(needle);
    assert.deepEqual(find([sofie.data, sofie.tmp], needles), []);
    for (const [key, { body }] of store.objects) {
      assert.ok(!needles.some((found) => body.includes(found) || key.includes(found)), key);
    }
    assert.ok(store.keys().every((key) => key.startsWith('sofie/files/')), 'all below the prefix');
    const blobs = join(sofie.data, 'blobs');
    assert.ok(!readdirSync(sofie.data).includes('blobs') || readdirSync(blobs).length === 0, 'no folder of files');
  });

  it('is found well by the doctor, which tells what is wrong with a store', { timeout: 600_000 }, async () => {
    const doctor = async () => (await sofie.run(['doctor', '--data-dir', sofie.data])).stdout;
    assert.match(await doctor(), /ok\s+files\s+http\S+\/files\/sofie\/files is this installation's/);
    assert.deepEqual(store.keys('/probe/'), [], 'the probe is gone');
    store.ahead = 5 * 60_000;
    assert.match(await doctor(), /warn\s+files .*clock differs/);
    store.ahead = 60 * 60_000;
    assert.match(await doctor(), /FAIL .*RequestTimeTooSkewed/);
    store.ahead = 0;
    store.full = true;
    assert.match(await doctor(), /FAIL\s+files .*(no space|no room)/);
    store.full = false;
    process.env.SOFIE__STORAGE__SECRET_KEY = 'another-secret';
    const wrong = await doctor();
    assert.match(wrong, /FAIL .*SignatureDoesNotMatch/);
    assert.ok(!wrong.includes('another-secret'));
    process.env.SOFIE__STORAGE__SECRET_KEY = store.secretKey;
    delete process.env.SOFIE__STORAGE__CA_FILE;
    assert.match(await doctor(), /FAIL\s+files .*certificate/i, 'nobody vouches for its certificate');
    process.env.SOFIE__STORAGE__CA_FILE = store.certificate;
    const shown = (await sofie.run(['config', 'show', '--data-dir', sofie.data])).stdout;
    assert.match(shown, /secret_key = "\(set\)"/);
    assert.ok(!shown.includes(store.secretKey));
  });

  it('says that it is not ready while the store is gone, full or not ours, and loses nothing', { timeout: 900_000 }, async () => {
    const ready = async () => (await fetch(`${sofie.url}/readyz`)).status;
    const { id } = await alice.package({ type: 'public' });
    const data = noise(6 * MIB);
    const run = await upload(alice, id, 'a.bin', data.length);
    assert.equal((await run.patch(0, data.subarray(0, MIB))).status, 204);

    store.goDown();
    const cut = await run.patch(MIB, data.subarray(MIB)).catch(() => ({ status: 500 }));
    assert.ok(cut.status >= 500, `${cut.status}`);
    assert.equal(await ready(), 503);
    store.down = false;
    assert.equal(await ready(), 200);
    assert.equal(await run.offset(), MIB, 'what was acknowledged is there');

    store.full = true;
    const full = await run.patch(MIB, data.subarray(MIB, MIB + 100_000));
    assert.equal(full.status, 507, `${full.body}`);
    store.full = false;
    const offset = await run.offset();
    assert.ok(offset >= MIB);
    assert.equal((await run.patch(offset, data.subarray(offset))).status, 204);
    assert.equal((await alice.deliver(id)).state, 'delivered');
    await assertContents(alice, id, { 'a.bin': data });

    const key = 'sofie/files/sofie-vault';
    const marker = store.objects.get(key);
    const orphan = `sofie/files/ab/${'ab'.repeat(16)}/blob`;
    const lookedFor = () => query(sofie.data, `SELECT state FROM jobs WHERE payload ->> 'task' = 'collect_orphans' AND last_error IS NOT NULL`).length;
    store.objects.set(orphan, { body: Buffer.from('nobody knows me'), modified: new Date(Date.now() - 3 * 24 * 3600_000) });
    for (const wrong of [null, { ...marker, body: Buffer.from('sofie-vault-v1\ninstance = another\n') }]) {
      if (wrong) store.objects.set(key, wrong);
      else store.objects.delete(key);
      assert.equal(await ready(), 503);
      query(sofie.data, `DELETE FROM jobs WHERE payload ->> 'task' = 'collect_orphans'`);
      query(sofie.data, `DELETE FROM schedule_ticks WHERE task = 'collect_orphans'`);
      await until('orphans were looked for in vain', () => lookedFor() > 0, 60_000, 300);
      assert.ok(store.objects.has(orphan));
      assert.deepEqual(query(sofie.data, 'SELECT 1 FROM doomed_blobs'), [], 'nothing is collected in a store that is not ours');
    }
    await sofie.stop();
    const refused = await sofie.run(['serve', '--data-dir', sofie.data, '--listen', `127.0.0.1:${await freePort()}`]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /names another instance/);
    store.objects.set(key, marker);
    await sofie.up();
    await assertContents(alice, id, { 'a.bin': data });
    query(sofie.data, `DELETE FROM jobs WHERE payload ->> 'task' = 'collect_orphans'`);
    await runTask(sofie.data, 'collect_orphans');
    assert.deepEqual(query(sofie.data, `SELECT encode(blob_id, 'hex') FROM doomed_blobs`), ['ab'.repeat(16)]);
    query(sofie.data, `UPDATE doomed_blobs SET doomed_at = now() - interval '1 minute'`);
    await runTask(sofie.data, 'unlink_blobs');
    assert.ok(!store.objects.has(orphan), 'in one that is ours it goes');
  });

  it('is backed up, and restored into another bucket', { timeout: 600_000 }, async () => {
    const safe = mkdtempSync(join(tmpdir(), 'sofie-safe-'));
    const other = await ObjectStore.start({ tls: true, bucket: 'other', secretKey: 'the-secret-of-the-other' });
    try {
      const { id } = await alice.package({ type: 'public' });
      const data = { 'kept.bin': noise(10 * MIB) };
      await alice.put(id, 'kept.bin', data['kept.bin']);
      assert.equal((await alice.deliver(id)).state, 'delivered');
      await sofie.command('backup', join(safe, 'backup'));
      const elsewhere = new Sofie(mkdtempSync(join(safe, 'sofie-')), await freePort());
      copyFileSync(`${sofie.data}.kek`, `${elsewhere.data}.kek`);
      const restore = () => elsewhere.run(['restore', join(safe, 'backup'), '--data-dir', elsewhere.data]);
      const full = await restore();
      assert.notEqual(full.code, 0);
      assert.match(full.stderr, /holds files already/);
      rmSync(elsewhere.data, { recursive: true });
      use(other.env('restored'));
      const done = await restore();
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stdout, /all is well/);
      await elsewhere.up();
      const there = new Api(elsewhere.url, { token });
      await assertContents(there, id, data);
      assert.ok(other.keys('restored/').length > 0);
      await elsewhere.remove();
    } finally {
      use(store.env('sofie/files'));
      await other.stop();
      rmSync(safe, { recursive: true, force: true });
    }
  });

  it('deletes the objects of what is deleted, and of nothing else', { timeout: 600_000 }, async () => {
    await sofie.addAdministrator('root@example.org');
    const administrator = new Api(sofie.url);
    await administrator.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    const kept = await alice.package({ type: 'public' });
    const keep = noise(9 * MIB);
    await alice.put(kept.id, 'keep.bin', keep);
    assert.equal((await alice.deliver(kept.id)).state, 'delivered');
    const blobs = query(sofie.data, `SELECT encode(blob_id, 'hex') FROM files WHERE package_id <> '${kept.id}'`);
    assert.ok(blobs.length >= 5);
    const stored = () => blobs.filter((blob) => store.keys(blob).length > 0);
    assert.deepEqual(stored(), blobs);
    await administrator.json('PATCH', '/admin/settings', { values: { 'packages.deleted_days': 0 } });
    for (const id of query(sofie.data, `SELECT id FROM packages WHERE id <> '${kept.id}'`)) {
      assert.equal((await alice.raw('DELETE', `/packages/${id}`)).status, 204);
    }
    await runTask(sofie.data, 'shred_packages');
    await runTask(sofie.data, 'unlink_blobs');
    await until('the objects are gone', () => stored().length === 0);
    await assertContents(alice, kept.id, { 'keep.bin': keep });
  });
});

describe('moving', () => {
  let store, sofie, alice;
  before(async () => {
    store = await ObjectStore.start();
    use({ ...store.env(), SOFIE__STORAGE__KIND: 'local' });
    sofie = await Sofie.start();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(async () => {
    await sofie?.remove();
    await store?.stop();
    use({});
  });
  const migrate = (...args) => sofie.run(['storage', 'migrate', ...args, '--data-dir', sofie.data]);

  it('goes from a folder to a bucket and back, with an upload under way, and nothing is lost', { timeout: 900_000 }, async () => {
    const old = { 'small.txt': Buffer.from('small'), 'large.bin': noise(19 * MIB + 5) };
    const { id } = await alice.package({ type: 'public' });
    for (const [name, data] of Object.entries(old)) await alice.put(id, name, data);
    assert.equal((await alice.deliver(id)).state, 'delivered');
    const later = await alice.package({ type: 'public' });
    const data = noise(12 * MIB);
    const run = await upload(alice, later.id, 'later.bin', data.length);
    assert.equal((await run.patch(0, data.subarray(0, 10 * MIB))).status, 204);

    const early = await migrate('--to', 's3', '--final');
    assert.notEqual(early.code, 0, 'the server runs');
    const first = await migrate('--to', 's3');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^2 copied \(19 MiB\), 0 there already, 1 uploads left/m);
    assert.equal((await run.patch(10 * MIB, data.subarray(10 * MIB, 11 * MIB))).status, 204, 'it went on meanwhile');
    const again = await migrate('--to', 's3');
    assert.match(again.stdout, /^0 copied \(0 MiB\), 2 there already, 1 uploads left/m);

    await sofie.stop();
    const last = await migrate('--to', 's3', '--final');
    assert.equal(last.code, 0, last.stderr);
    assert.match(last.stdout, /^1 copied \(\d+ MiB\), 2 there already, 0 uploads left/m);
    const verified = await migrate('--to', 's3', '--verify');
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stdout, /^2 the same, 0 missing or different/m);
    process.env.SOFIE__STORAGE__KIND = 's3';
    rmSync(join(sofie.data, 'blobs'), { recursive: true });
    await sofie.up();
    await assertContents(alice, id, old);
    assert.equal(await run.offset(), 11 * MIB);
    assert.equal((await run.patch(11 * MIB, data.subarray(11 * MIB))).status, 204);
    assert.equal((await alice.deliver(later.id)).state, 'delivered');

    await sofie.stop();
    const damaged = store.keys('/blob').find((key) => store.objects.get(key).body.length < 1000);
    const back = await migrate('--to', 'local', '--final');
    assert.equal(back.code, 0, back.stderr);
    store.objects.get(damaged).body = Buffer.from(store.objects.get(damaged).body).fill(0, 100, 110);
    const differs = await migrate('--to', 'local', '--verify');
    assert.notEqual(differs.code, 0);
    assert.match(differs.stdout, /2 the same, 1 missing or different/);
    process.env.SOFIE__STORAGE__KIND = 'local';
    await sofie.up();
    await assertContents(alice, id, old);
    await assertContents(alice, later.id, { 'later.bin': data });
  });

  it('does not move into the store of somebody else', async () => {
    const marker = store.objects.get('sofie-vault');
    store.objects.set('sofie-vault', { ...marker, body: Buffer.from('sofie-vault-v1\ninstance = another\n') });
    const refused = await migrate('--to', 's3');
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /names another instance/);
    store.objects.set('sofie-vault', marker);
  });
});
