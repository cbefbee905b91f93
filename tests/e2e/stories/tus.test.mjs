// Unmodified tus-js-client: any chunk size, lost connections, a server that is killed in the middle (PKG-15).
import assert from 'node:assert/strict';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Upload } from 'tus-js-client';
import { Api, send, sha256 } from '../lib/api.mjs';
import { noise } from '../lib/samples.mjs';
import { Sofie } from '../lib/sofie.mjs';

describe('tus', () => {
  let sofie, alice;
  before(async () => {
    sofie = await Sofie.start();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(() => sofie?.remove());

  /** Uploads; `disturb(upload, sent)` may abort at any progress, and is awaited before the upload goes on. */
  async function upload(id, name, data, chunkSize, disturb = () => null) {
    let source = data;
    let size = data.length;
    if (!Number.isFinite(chunkSize)) {
      const path = join(sofie.dir, 'work', name);
      writeFileSync(path, data);
      source = createReadStream(path);
      size = data.length;
    }
    return await new Promise((resolve, reject) => {
      let disturbing = null;
      const tus = new Upload(source, {
        endpoint: `${alice.base}/uploads`,
        headers: { Authorization: `Bearer ${alice.token}` },
        metadata: { package: id, filename: name },
        uploadSize: size,
        chunkSize,
        retryDelays: [0, 100, 300, 1000, 2000, 3000, 5000],
        onProgress: (sent) => {
          if (disturbing) return;
          const done = disturb(tus, sent);
          if (!done) return;
          disturbing = done.then(() => (disturbing = null), reject);
        },
        onSuccess: () => resolve(tus.url.split('/').at(-1)),
        onError: reject,
      });
      tus.start();
    });
  }

  async function readBack(id) {
    const pack = await alice.deliver(id);
    assert.equal(pack.state, 'delivered');
    const got = [];
    for (const file of pack.files) got.push((await alice.raw('GET', alice.content(id, file.id))).body);
    return got;
  }

  /** Says where two contents part, in words: the place tells which boundary was missed. */
  function difference(got, wanted) {
    if (got.length !== wanted.length) return `${got.length} bytes instead of ${wanted.length}`;
    const runs = [];
    for (let at = 0; at < got.length; at += 1) {
      if (got[at] === wanted[at]) continue;
      const last = runs.at(-1);
      if (last && at - last[1] < 64) last[1] = at + 1;
      else runs.push([at, at + 1]);
    }
    return runs.map(([from, to]) => {
      const moved = to - from >= 32 ? wanted.indexOf(got.subarray(from, from + 32)) : -1;
      return `${from}..${to}${moved >= 0 ? ` holds what belongs to ${moved}` : ''}`;
    }).join(', ');
  }

  for (const chunkSize of [1000, 65_536, 1_000_003]) {
    it(`takes chunks of ${chunkSize} bytes`, async () => {
      const data = noise(Math.min(3_000_000, chunkSize * 40) + 17);
      const { id } = await alice.package({ type: 'public' });
      await upload(id, 'a.bin', data, chunkSize);
      assert.equal(difference((await readBack(id))[0], data), '');
    });
  }

  it('goes on after random aborts', async () => {
    const data = noise(24 << 20);
    const { id } = await alice.package({ type: 'public' });
    let aborts = 0;
    let next = 1 << 20;
    await upload(id, 'b.bin', data, 700_001, (tus, sent) => {
      if (sent < next || aborts === 8) return null;
      aborts += 1;
      next = sent + Math.random() * (2 << 20);
      return tus.abort().then(() => sleep(20)).then(() => tus.start());
    });
    assert.equal(aborts, 8);
    assert.equal(difference((await readBack(id))[0], data), '');
  });

  it('goes on after the server was killed and came back', async () => {
    const data = noise(48 << 20);
    const { id } = await alice.package({ type: 'public' });
    let kills = 0;
    await upload(id, 'c.bin', data, 8 << 20, (_, sent) => {
      if (kills === 2 || sent < (kills + 1) * (14 << 20)) return null;
      kills += 1;
      return sofie.kill9().then(() => sofie.up());
    });
    assert.equal(kills, 2);
    assert.equal(difference((await readBack(id))[0], data), '');
  });

  it('does what the protocol says at its edges', async () => {
    const { id } = await alice.package({ type: 'public' });
    const options = await send(`${alice.base}/uploads`, { method: 'OPTIONS' });
    assert.equal(options.headers['tus-version'], '1.0.0');
    const extensions = options.headers['tus-extension'].split(',');
    for (const wanted of ['creation', 'creation-with-upload', 'termination', 'checksum', 'expiration']) {
      assert.ok(extensions.includes(wanted), `${wanted} in ${extensions}`);
    }
    const b64 = (value) => Buffer.from(value).toString('base64');
    const tus = { 'Tus-Resumable': '1.0.0' };
    const create = (headers, body) => alice.raw('POST', '/uploads', {
      body, headers: { ...tus, 'Upload-Metadata': `package ${b64(id)},filename ${b64('d.bin')}`, ...headers },
    });
    const made = await create({ 'Upload-Length': 10, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': 4 }, Buffer.from('0123'));
    assert.equal(made.status, 201);
    assert.equal(made.headers['upload-offset'], '4');
    assert.ok(made.headers['upload-expires']);
    const path = `/uploads/${made.headers.location.split('/').at(-1)}`;
    const patch = (offset, body, headers = {}) => alice.raw('PATCH', path, {
      body, headers: { ...tus, 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': body.length, ...headers },
    });
    assert.equal((await patch(3, Buffer.from('xxx'))).status, 409);
    assert.equal((await patch(4, Buffer.from('xxx'), { 'Upload-Checksum': `sha256 ${b64('wrong'.padEnd(32))}` })).status, 460);
    const right = Buffer.from(sha256(Buffer.from('456')), 'hex').toString('base64');
    const good = await patch(4, Buffer.from('456'), { 'Upload-Checksum': `sha256 ${right}` });
    assert.deepEqual([good.status, good.headers['upload-offset']], [204, '7']);
    const head = await alice.raw('HEAD', path, { headers: tus });
    assert.deepEqual([head.status, head.headers['upload-offset'], head.headers['upload-length']], [200, '7', '10']);
    assert.match(head.headers['cache-control'], /no-store/);
    assert.ok((await patch(7, Buffer.from('too much'))).status >= 400);
    assert.equal((await alice.raw('HEAD', path)).status, 412, 'without a version');
    assert.equal((await new Api(sofie.url).raw('HEAD', path, { headers: tus })).status >= 401, true);
    assert.equal((await alice.raw('DELETE', path, { headers: tus })).status, 204);
    assert.ok([404, 410].includes((await alice.raw('HEAD', path, { headers: tus })).status));
    const huge = await create({ 'Upload-Length': 1e15 });
    assert.equal(huge.status, 413);
  });
});
