// The power fails at random moments under load (P3): the file system below everything is cut off without its journal being
// written, all processes die, and it is mounted again. What was acknowledged is there.
// SOFIE_CUTS (default 4) says how often, SOFIE_SEED repeats a run.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, sha256 } from '../lib/api.mjs';
import { random } from '../lib/kills.mjs';
import { query } from '../lib/scan.mjs';
import { freePort, Sofie } from '../lib/sofie.mjs';
import { Volume, whyNot } from '../lib/volume.mjs';

const CUTS = Number(process.env.SOFIE_CUTS ?? 4);
const SEED = Number(process.env.SOFIE_SEED ?? Date.now() % 1_000_000);
const TUS = { 'Tus-Resumable': '1.0.0' };
const b64 = (value) => Buffer.from(value).toString('base64');

function content(name, size) {
  const data = Buffer.alloc(size);
  const block = createHash('sha512').update(name).digest();
  for (let at = 0; at < size; at += block.length) block.copy(data, at);
  return data;
}

describe('a power failure', { skip: whyNot() ?? false }, () => {
  let volume, sofie, alice;
  const chance = random(SEED);
  const between = (from, to) => Math.floor(from + chance() * (to - from));
  const files = []; // { package, id, sha }: answered with 201
  const uploads = []; // { id, package, name, size, offset }: so much was acknowledged
  const sent = new Set();
  let running = false;
  let number = 0;

  before(async () => {
    volume = new Volume(3000);
    sofie = new Sofie(mkdtempSync(join(tmpdir(), 'sofie-e2e-')), await freePort());
    sofie.data = join(volume.path, 'data');
    await sofie.up();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(async () => {
    running = false;
    await sofie?.remove();
    volume?.remove();
  });

  async function forever(work) {
    while (running) await work().catch((error) => {
      if (error instanceof assert.AssertionError) throw error;
      return sleep(30);
    });
  }

  async function uploader() {
    number += 1;
    const mine = number;
    const { id } = await alice.package({ type: 'public' });
    for (let i = between(1, 4); i > 0; i -= 1) {
      const data = content(`${mine}-${i}`, between(0, 400_000));
      const file = await alice.put(id, `${mine}-${i}.bin`, data);
      files.push({ package: id, id: file.id, sha: sha256(data) });
    }
    await alice.json('POST', `/packages/${id}/send`);
    sent.add(id);
  }

  async function tusUploader() {
    number += 1;
    const name = `${number}-tus.bin`;
    const size = between(9 << 20, 20 << 20);
    const { id } = await alice.package({ type: 'public' });
    const made = await alice.raw('POST', '/uploads', { headers: { ...TUS, 'Upload-Length': size, 'Upload-Metadata': `package ${b64(id)},filename ${b64(name)}` } });
    if (made.status !== 201) throw new Error(`${made.status}`);
    const upload = { id: made.headers.location.split('/').at(-1), package: id, name, size, offset: 0 };
    uploads.push(upload);
    await goOn(upload);
  }

  async function goOn(upload) {
    const data = content(upload.name, upload.size);
    const head = await alice.raw('HEAD', `/uploads/${upload.id}`, { headers: TUS });
    if (head.status >= 500 || head.status === 423) throw new Error('not now');
    assert.equal(head.status, 200, `an acknowledged upload is gone: ${head.status}`);
    let offset = Number(head.headers['upload-offset']);
    assert.ok(offset >= upload.offset, `${upload.name}: ${upload.offset} bytes were acknowledged, ${offset} are left`);
    while (offset < upload.size) {
      const end = Math.min(upload.size, offset + between(1, 6 << 20));
      const headers = { ...TUS, 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': end - offset };
      const answer = await alice.raw('PATCH', `/uploads/${upload.id}`, { body: data.subarray(offset, end), headers });
      if (answer.status !== 204) throw new Error(`PATCH ${answer.status}`);
      offset = Number(answer.headers['upload-offset']);
      upload.offset = offset;
    }
    upload.done = true;
  }

  it(`loses nothing that was acknowledged, ${CUTS} times`, { timeout: 60 * 60_000 }, async () => {
    console.log(`# seed ${SEED}`);
    for (let cut = 0; cut < CUTS; cut += 1) {
      running = true;
      const load = [uploader, tusUploader].map(forever);
      await sleep(between(400, 2500));
      volume.cut();
      running = false;
      await sofie.kill9();
      await Promise.all(load);
      await volume.restart();
      await sofie.up();
      for (const upload of uploads) await goOn(upload);
      for (const { package: id, id: file } of files) {
        const found = await alice.json('GET', `/packages/${id}`);
        assert.ok(found.files.some((one) => one.id === file && one.complete !== false), `an acknowledged file of ${id} is gone`);
        if (sent.has(id)) assert.ok(found.send_requested, `an acknowledged send of ${id} is forgotten`);
      }
    }
  });

  it('every file reads back equal, and no row is without its blob', { timeout: 10 * 60_000 }, async (context) => {
    for (const upload of uploads) files.push({ package: upload.package, id: upload.id, sha: sha256(content(upload.name, upload.size)) });
    for (const id of new Set(files.map((file) => file.package))) {
      const { send_requested: heard } = await alice.json('GET', `/packages/${id}`);
      if (!heard) await alice.json('POST', `/packages/${id}/send`);
      assert.equal((await alice.settled(id, 120_000)).state, 'delivered');
    }
    for (const file of files) {
      const answer = await alice.raw('GET', alice.content(file.package, file.id));
      assert.deepEqual([answer.status, sha256(answer.body)], [200, file.sha]);
    }
    const { problems } = JSON.parse((await sofie.run(['verify', '--deep', '--json', '--data-dir', sofie.data])).stdout);
    assert.deepEqual(Object.keys(problems).filter((problem) => problem !== 'surplus'), [], JSON.stringify(problems));
    assert.deepEqual(query(sofie.data, "SELECT name, last_error FROM jobs WHERE state = 'dead'"), []);
    context.diagnostic(`${CUTS} cuts, ${files.length} files compared, seed ${SEED}`);
    assert.ok(files.length > 2 * CUTS, 'there was load');
  });
});
