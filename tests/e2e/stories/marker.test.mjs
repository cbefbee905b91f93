// No plain text at rest (promise 2): a marker in a file, its name, its title and its note is found nowhere, at any stage,
// from the draft to the shredded package, with and without an antivirus.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Api, sha256 } from '../lib/api.mjs';
import { Clamd, TELLTALE } from '../lib/engines.mjs';
import { zip } from '../lib/samples.mjs';
import { dump, find, forms, query, runTask } from '../lib/scan.mjs';
import { PASSWORD, Sofie } from '../lib/sofie.mjs';

const MARKER = 'Kf7-violet-otter-under-a-brass-moon-93';
const line = Buffer.from(`${MARKER} and so on; `);
const repeated = (size) => Buffer.alloc(size, line);

describe('nothing plain at rest', () => {
  let sofie, alice, token, foreign, administrator, clamd;
  const needles = forms(MARKER);
  before(async () => {
    foreign = new Set(readdirSync(tmpdir()));
    sofie = await Sofie.start();
    token = await sofie.addUser('alice@example.org');
    alice = new Api(sofie.url, { token });
    await sofie.addAdministrator('root@example.org');
    administrator = new Api(sofie.url);
    await administrator.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
  });
  after(async () => {
    await clamd?.stop();
    await sofie?.remove();
  });

  /** Everything that the server can have written: its data, its logs, its temporary files and new ones of the system. */
  function places() {
    const news = readdirSync(tmpdir()).filter((name) => !foreign.has(name)).map((name) => join(tmpdir(), name));
    return [sofie.data, sofie.tmp, sofie.logFile, '/dev/shm', ...news.filter((path) => path !== sofie.dir)];
  }

  function assertNowhere(stage) {
    assert.deepEqual(find(places(), needles), [], `found ${stage}`);
    const dumped = dump(sofie.data);
    assert.ok(dumped.includes('CREATE TABLE'), 'the dump holds the tables');
    for (const needle of needles) assert.ok(!dumped.includes(needle), `found in the database ${stage}`);
  }

  it('the search itself finds what is there', () => {
    for (const needle of needles) {
      const path = join(sofie.tmp, 'control');
      writeFileSync(path, Buffer.concat([Buffer.alloc((4 << 20) - 7, 'x'), needle]));
      assert.deepEqual(find(places(), needles), [path]);
    }
    writeFileSync(join(sofie.tmp, 'control'), '');
    const encoded = Buffer.from(`ab${MARKER}yz`).toString('base64');
    assert.ok(needles.some((needle) => encoded.includes(needle)), 'base64 at another phase');
  });

  it('is found at no stage of a package', async () => {
    const whole = repeated(9 << 20);
    const { id } = await alice.package({ type: 'private', title: `Title ${MARKER}`, note: `Note ${MARKER}`, recipients: ['bob@example.net'] });
    assertNowhere('in a draft');

    const b64 = (value) => Buffer.from(value).toString('base64');
    const tus = { 'Tus-Resumable': '1.0.0' };
    const made = await alice.raw('POST', '/uploads', { headers: { ...tus, 'Upload-Length': whole.length, 'Upload-Metadata': `package ${b64(id)},filename ${b64(`half ${MARKER}.txt`)}` } });
    const path = `/uploads/${made.headers.location.split('/').at(-1)}`;
    const patch = (offset, body) => alice.raw('PATCH', path, {
      body, headers: { ...tus, 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': body.length },
    });
    const half = 4_500_001;
    assert.equal((await patch(0, whole.subarray(0, half))).status, 204);
    assertNowhere('while half of a file is here');
    await sofie.kill9();
    assertNowhereOffline('after a kill in the middle');
    await sofie.up();
    const head = await alice.raw('HEAD', path, { headers: tus });
    assert.equal(Number(head.headers['upload-offset']), half, 'what was acknowledged is there');
    assert.equal((await patch(half, whole.subarray(half))).status, 204);

    await alice.put(id, 'archive.zip', zip({ [`inner ${MARKER}.txt`]: repeated(300_000), 'deep.tar.gz': gzipSync(repeated(1000)) }));
    await alice.put(id, `folder ${MARKER}/small ${MARKER}.txt`, line);
    assertNowhere('with all files here');

    await alice.json('POST', `/packages/${id}/send`);
    let looks = 0;
    for (;;) {
      const { state } = await alice.json('GET', `/packages/${id}`);
      assert.deepEqual(find(places(), needles), [], `found while ${state}`);
      looks += 1;
      if (state !== 'checking' && state !== 'uploading') break;
    }
    assert.ok(looks > 0);
    assertNowhere('after the checks');

    const pack = await alice.settled(id);
    const file = pack.files.find((found) => found.path.startsWith('half'));
    assert.equal(file.sha256, sha256(whole));
    const guest = new Api(sofie.url);
    const link = await sofie.link('bob@example.net');
    let visit = await guest.json('POST', '/links/open', { secret: link.split('#')[1] });
    await guest.json('POST', `/visits/${visit.id}/code`);
    visit = await guest.json('POST', `/visits/${visit.id}/verify`, { code: await sofie.code('bob@example.net') });
    assert.equal(visit.step, 'ready');
    assert.equal(sha256((await guest.raw('GET', guest.content(id, file.id))).body), sha256(whole));
    assert.equal((await guest.raw('GET', `/packages/${id}/zip`)).status, 200);
    assertNowhere('after downloads');

    assert.equal((await alice.raw('DELETE', `/packages/${id}`)).status, 204);
    assertNowhere('in the recycle bin');
  });

  it('is not found after a package expired, and was shredded', { timeout: 900_000 }, async () => {
    const { id } = await alice.package({ type: 'public', title: `Title ${MARKER}` });
    const file = await alice.put(id, `${MARKER}.txt`, repeated(2 << 20));
    assert.equal((await alice.deliver(id)).state, 'delivered');
    const [blob] = query(sofie.data, `SELECT encode(blob_id, 'hex') FROM files WHERE id = '${file.id}'`);
    const isStored = () => readdirSync(join(sofie.data, 'blobs'), { recursive: true }).some((path) => path.includes(blob));
    assert.ok(isStored());

    query(sofie.data, `UPDATE packages SET expires_at = now() - interval '1 minute' WHERE id = '${id}'`);
    await runTask(sofie.data, 'expire_packages');
    assert.equal((await alice.json('GET', `/packages/${id}`)).state, 'expired');
    assert.ok([403, 404, 410].includes((await alice.raw('GET', alice.content(id, file.id))).status));
    assertNowhere('after its time');

    await administrator.json('PATCH', '/admin/settings', { values: { 'packages.deleted_days': 0 } });
    await runTask(sofie.data, 'shred_packages');
    assert.deepEqual(query(sofie.data, `SELECT 1 FROM package_keys WHERE package_id = '${id}'`), [], 'the key is gone');
    await runTask(sofie.data, 'unlink_blobs');
    assert.ok(!isStored(), 'the blob is gone');
    assert.equal((await alice.raw('GET', alice.content(id, file.id))).status, 404);
    assertNowhere('after it was shredded');
  });

  it('is not found after a package was held back', async () => {
    const { id } = await alice.package({ type: 'public' });
    await alice.put(id, 'broken.zip', Buffer.concat([zip({ 'x.txt': repeated(90_000) }, { stored: true }).subarray(0, 50_000)]));
    const pack = await alice.deliver(id);
    assert.equal(pack.state, 'withheld');
    assertNowhere('in quarantine');
  });

  it('is not found while an antivirus looks at it, finds something, or is gone', { timeout: 900_000 }, async () => {
    clamd = await Clamd.start(sofie.dir);
    const engine = await administrator.json('POST', '/admin/engines', {
      kind: 'clamd', name: 'ClamAV', enabled: true, mandatory: true, config: { addresses: [clamd.address] },
    });
    assert.ok(engine.available, JSON.stringify(engine));
    const check = async (name, data) => {
      const { id } = await alice.package({ type: 'public', title: MARKER, note: MARKER });
      await alice.put(id, name, data);
      await alice.json('POST', `/packages/${id}/send`);
      for (;;) {
        const found = await alice.json('GET', `/packages/${id}`);
        assert.deepEqual(find(places(), needles), [], `found while ${found.state}`);
        if (found.state !== 'checking' && found.state !== 'uploading') return found;
      }
    };
    assert.equal((await check(`clean ${MARKER}.txt`, repeated(20 << 20))).state, 'delivered');
    assertNowhere('after the antivirus');
    const bad = await check(`bad ${MARKER}.txt`, Buffer.concat([repeated(5000), Buffer.from(TELLTALE), repeated(5000)]));
    assert.equal(bad.state, 'withheld');
    assert.ok(bad.files[0].findings.some(({ outcome }) => outcome === 'infected'), JSON.stringify(bad.files));
    assertNowhere('after a finding');
    await clamd.stop();
    const { id } = await alice.package({ type: 'public', title: MARKER });
    await alice.put(id, `late ${MARKER}.txt`, line);
    await alice.json('POST', `/packages/${id}/send`);
    await sleep(5000);
    assertNowhere('while the antivirus does not answer');
  });

  function assertNowhereOffline(stage) {
    assert.deepEqual(find(places(), needles), [], `found ${stage}`);
  }
});
