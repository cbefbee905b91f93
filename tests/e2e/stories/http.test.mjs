// Plain HTTP, as curl and other people's programs speak it (PKG-14; promise 5: looking costs nothing).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api, send, sha256 } from '../lib/api.mjs';
import { EICAR, noise, text } from '../lib/samples.mjs';
import { Sofie } from '../lib/sofie.mjs';

describe('HTTP', () => {
  let sofie, alice, pack;
  const data = noise(3 << 20);
  const note = text(400);
  before(async () => {
    sofie = await Sofie.start();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    const { id } = await alice.package({ type: 'public', title: 'Drawings' });
    // As a script does it.
    const path = join(sofie.dir, 'work', 'data.bin');
    writeFileSync(path, data);
    const out = execFileSync('curl', ['-sS', '-f', '-T', path, '-H', `Authorization: Bearer ${alice.token}`, `${alice.base}/packages/${id}/files/data.bin`]);
    assert.equal(JSON.parse(out).size, data.length);
    await alice.put(id, 'notes/read me.txt', note);
    await alice.put(id, 'notes/bad.txt', EICAR);
    pack = await alice.deliver(id);
  });
  after(() => sofie?.remove());

  const fileOf = (path) => pack.files.find((file) => file.path === path);
  const visitor = async () => {
    const guest = new Api(sofie.url);
    const visit = await guest.json('POST', '/links/open', { secret: pack.link.split('#')[1] });
    assert.equal(visit.step, 'ready');
    return guest;
  };
  const content = (path) => alice.content(pack.id, fileOf(path).id);

  it('returns ranges, and the whole file when the validator does not match', async () => {
    const guest = await visitor();
    const path = content('data.bin');
    const whole = await guest.raw('GET', path);
    assert.equal(whole.status, 200);
    assert.equal(sha256(whole.body), sha256(data));
    const { etag } = whole.headers;
    for (const [range, from, to] of [['bytes=0-0', 0, 1], ['bytes=65530-65545', 65530, 65546], [`bytes=-5`, data.length - 5, data.length], [`bytes=1048575-`, 1048575, data.length]]) {
      const part = await guest.raw('GET', path, { headers: { Range: range } });
      assert.equal(part.status, 206, range);
      assert.equal(part.headers['content-range'], `bytes ${from}-${to - 1}/${data.length}`);
      assert.deepEqual(part.body, data.subarray(from, to), range);
    }
    const beyond = await guest.raw('GET', path, { headers: { Range: `bytes=${data.length}-` } });
    assert.equal(beyond.status, 416);
    const fits = await guest.raw('GET', path, { headers: { Range: 'bytes=5-9', 'If-Range': etag } });
    assert.deepEqual([fits.status, fits.body], [206, data.subarray(5, 10)]);
    const stale = await guest.raw('GET', path, { headers: { Range: 'bytes=5-9', 'If-Range': '"other"' } });
    assert.deepEqual([stale.status, stale.body.length], [200, data.length]);
  });

  it('sends files as attachments that no browser shows or runs', async () => {
    const { headers } = await (await visitor()).raw('GET', content('notes/read me.txt'));
    assert.match(headers['content-disposition'], /^attachment; filename="read me\.txt"/);
    assert.equal(headers['content-type'], 'application/octet-stream');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(headers['content-security-policy'], /sandbox/);
    assert.match(headers['cache-control'], /no-store|private/);
  });

  it('gives nobody a held file, by any door', async () => {
    const guest = await visitor();
    for (const caller of [alice, guest, new Api(sofie.url)]) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await caller.raw(method, content('notes/bad.txt'));
        assert.ok([401, 403, 404].includes(answer.status), `${method} ${answer.status}`);
      }
      const part = await caller.raw('GET', content('notes/bad.txt'), { headers: { Range: 'bytes=0-9' } });
      assert.ok([401, 403, 404].includes(part.status));
    }
    const stranger = await new Api(sofie.url).raw('GET', content('data.bin'));
    assert.ok([401, 403, 404].includes(stranger.status));
  });

  it('streams a ZIP of what is deliverable, with length, ranges and a stable ETag', async () => {
    const guest = await visitor();
    const path = `/packages/${pack.id}/zip`;
    const head = await guest.raw('HEAD', path);
    const whole = await guest.raw('GET', path);
    assert.equal(whole.status, 200);
    assert.equal(Number(head.headers['content-length']), whole.body.length);
    assert.equal(head.headers.etag, whole.headers.etag);
    const part = await guest.raw('GET', path, { headers: { Range: 'bytes=1000000-1000999', 'If-Range': whole.headers.etag } });
    assert.deepEqual([part.status, part.body], [206, whole.body.subarray(1_000_000, 1_001_000)]);
    const dir = join(sofie.dir, 'work', 'zip');
    mkdirSync(dir);
    writeFileSync(join(dir, 'all.zip'), whole.body);
    execFileSync('unzip', ['-q', 'all.zip'], { cwd: dir });
    assert.deepEqual(readFileSync(join(dir, 'data.bin')), data);
    assert.deepEqual(readFileSync(join(dir, 'notes/read me.txt')), note);
    assert.equal(execFileSync('unzip', ['-Z1', 'all.zip'], { cwd: dir }).toString().trim().split('\n').length, 2);
  });

  it('changes nothing by GET and HEAD, however often a link is looked at', async () => {
    const { id } = await alice.package({ type: 'private', recipients: ['scanned@example.net'], access_limit: 1 });
    await alice.put(id, 'x.txt', note);
    const before = await alice.deliver(id);
    const link = await sofie.link('scanned@example.net');
    const state = async () => [await alice.json('GET', `/packages/${id}`), await alice.json('GET', `/packages/${id}/tracking`), (await sofie.outbox()).length];
    await sofie.mail('scanned@example.net', /./);
    const first = await state();
    for (let i = 0; i < 20; i += 1) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await send(link, { method });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['set-cookie'], undefined);
        await send(`${alice.base}${alice.content(id, before.files[0].id)}`, { method });
        await send(`${alice.base}/packages/${id}/zip`, { method });
      }
    }
    assert.deepEqual(await state(), first);
    // The single access is still there for the person.
    const guest = new Api(sofie.url);
    let visit = await guest.json('POST', '/links/open', { secret: link.split('#')[1] });
    visit = await guest.json('POST', `/visits/${visit.id}/code`);
    visit = await guest.json('POST', `/visits/${visit.id}/verify`, { code: await sofie.code('scanned@example.net') });
    assert.equal(visit.step, 'confirm_access');
    visit = await guest.json('POST', `/visits/${visit.id}/access`);
    assert.equal(visit.step, 'ready');
    assert.deepEqual((await guest.raw('GET', alice.content(id, before.files[0].id))).body, note);
  });

  it('refuses what another site could make a browser send', async () => {
    const guest = await visitor();
    const visit = `/visits/${pack.id}`;
    for (const headers of [{ 'X-Sofie': '0' }, { Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      const answer = await guest.raw('POST', `${visit}/access`, { headers });
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.equal(JSON.parse(answer.body).code, 'csrf');
    }
  });

  it('answers with problem details and a request id', async () => {
    const answer = await alice.raw('GET', '/packages/01890000-0000-7000-8000-000000000000');
    assert.equal(answer.status, 404);
    assert.match(answer.headers['content-type'], /^application\/problem\+json/);
    const problem = JSON.parse(answer.body);
    assert.equal(problem.code, 'not_found');
    assert.equal(problem.request_id, answer.headers['x-request-id']);
  });
});
