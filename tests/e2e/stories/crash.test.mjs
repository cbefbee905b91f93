// kill -9 at random moments under load (promise 3): what was acknowledged reads back identical, nothing unchecked is
// served, no mail goes out twice beyond the moment between the mail server's word and our own record.
// SOFIE_CRASHES (default 50) and SOFIE_SEED choose how often and repeat a run.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, sha256 } from '../lib/api.mjs';
import { random } from '../lib/kills.mjs';
import { EICAR } from '../lib/samples.mjs';
import { query, runTask } from '../lib/scan.mjs';
import { Mailbox } from '../lib/smtp.mjs';
import { PASSWORD, Sofie, until } from '../lib/sofie.mjs';

const CRASHES = Number(process.env.SOFIE_CRASHES ?? 50);
const SEED = Number(process.env.SOFIE_SEED ?? Date.now() % 1_000_000);
/** A mail may go out twice only when a kill fell this soon after the first time. */
const WINDOW = 1500;
/** The mailbox is in this process: what lay in its socket when the kill fell is noted late. */
const LATE = 1000;
/** What nobody touched since then belongs to no upload that still runs. */
const LONG_AGO = new Date(Date.now() - 3 * 24 * 3600 * 1000);

/** Content that can be made again from its name. */
function content(name, size) {
  const data = Buffer.alloc(size);
  const block = createHash('sha512').update(name).digest();
  for (let at = 0; at < size; at += block.length) block.copy(data, at);
  return data;
}

describe('crash', () => {
  let sofie, box, token, alice;
  const chance = random(SEED);
  const between = (from, to) => Math.floor(from + chance() * (to - from));
  // What the server acknowledged.
  const files = []; // { package, id, name, sha, bad }
  const sent = new Map(); // package -> { to }
  const uploads = []; // { package, id, size, name, offset, early }
  const owed = []; // { package, to, name, bad, data, acknowledged }: the last file of a package that was sent before it
  const kills = [];
  const count = { reads: 0, refused: 0, finished: 0, commands: 0 };
  let running = true;
  let number = 0;

  before(async () => {
    console.log(`# seed ${SEED}, ${CRASHES} kills`);
    box = await Mailbox.start();
    sofie = await Sofie.start();
    // The mail server first: what is mailed to an account before there is one stays in the outbox.
    await sofie.addAdministrator('root@example.org');
    const admin = new Api(sofie.url);
    await admin.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    await admin.json('PATCH', '/admin/settings', { values: { 'mail.smtp_host': '127.0.0.1', 'mail.smtp_port': box.port, 'mail.smtp_security': 'none' } });
    token = await sofie.addUser('alice@example.org');
    alice = new Api(sofie.url, { token });
  });
  after(async () => {
    running = false;
    box?.stop();
    await sofie?.remove();
  });

  // Each worker does its work over and over; while the server is away everything fails, which is all right.
  async function forever(work) {
    while (running) {
      try {
        await work();
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        await sleep(between(20, 80));
      }
    }
  }

  async function uploader() {
    number += 1;
    const mine = number;
    const to = `r${mine}@example.net`;
    const { id } = await alice.package({ type: 'private', recipients: [to], title: `Package ${mine}` });
    const last = between(1, 4);
    // Sent while a file is still to come: then the last one submits the package.
    const early = chance() < 0.4;
    for (let i = 1; i <= last; i += 1) {
      const bad = chance() < 0.15;
      const name = `${mine}-${i}.bin`;
      const size = i === last && chance() < 0.3 ? 0 : between(0, 300_000);
      const data = bad ? EICAR : content(name, size);
      if (early && i === last) {
        // Noted before: a send whose answer was lost may have been heard, and waits for this file too.
        const debt = { package: id, to, name, bad, data, acknowledged: false };
        owed.push(debt);
        await alice.json('POST', `/packages/${id}/send`, { files: last });
        debt.acknowledged = true;
      }
      const file = await alice.put(id, name, data);
      files.push({ package: id, id: file.id, name, sha: sha256(data), bad });
    }
    if (early) owed.splice(owed.findIndex(({ package: one }) => one === id), 1);
    else await alice.json('POST', `/packages/${id}/send`);
    sent.set(id, { to });
  }

  async function tusUploader() {
    number += 1;
    const name = `${number}-tus.bin`;
    const size = chance() < 0.15 ? 0 : between(200_000, 5_000_000);
    const { id } = await alice.package({ type: 'public' });
    const b64 = (value) => Buffer.from(value).toString('base64');
    const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Length': size, 'Upload-Metadata': `package ${b64(id)},filename ${b64(name)}` };
    const made = await alice.raw('POST', '/uploads', { headers });
    // Its database may still be on its way.
    if (made.status === 503) throw new Error('the server is not ready');
    assert.equal(made.status, 201);
    const upload = { package: id, id: made.headers.location.split('/').at(-1), name, size, offset: 0 };
    uploads.push(upload);
    if (chance() < 0.3) {
      await alice.json('POST', `/packages/${id}/send`, { files: 1 });
      upload.early = true;
    }
    await goOn(upload);
  }

  async function offsetOf(upload) {
    const { offset: acknowledged } = upload;
    const head = await alice.raw('HEAD', `/uploads/${upload.id}`, { headers: { 'Tus-Resumable': '1.0.0' } });
    if (head.status >= 500 || head.status === 423) throw new Error('not now');
    assert.equal(head.status, 200, `an acknowledged upload is gone: ${head.status}`);
    const offset = Number(head.headers['upload-offset']);
    assert.ok(offset >= acknowledged, `${upload.name}: ${acknowledged} bytes were acknowledged, ${offset} are left`);
    return offset;
  }

  async function goOn(upload) {
    const data = content(upload.name, upload.size);
    let offset = await offsetOf(upload);
    while (offset < upload.size) {
      const end = Math.min(upload.size, offset + between(1, 900_000));
      const answer = await alice.raw('PATCH', `/uploads/${upload.id}`, {
        body: data.subarray(offset, end),
        headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': end - offset },
      });
      if (answer.status !== 204) throw new Error(`PATCH ${answer.status}`);
      offset = Number(answer.headers['upload-offset']);
      // More than we sent only if another of us went on with the same upload at the same time.
      assert.ok(offset <= upload.size, `${upload.name}: ${offset} of ${upload.size} bytes`);
      upload.offset = Math.max(upload.offset, offset);
    }
    upload.done = true;
    if (!upload.early) await alice.json('POST', `/packages/${upload.package}/send`);
    sent.set(upload.package, {});
  }

  async function resumer() {
    const open = uploads.filter((upload) => !sent.has(upload.package));
    if (open.length === 0) return await sleep(50);
    await goOn(open[between(0, open.length)]);
  }

  async function reader() {
    if (files.length === 0) return await sleep(50);
    // New ones, for whose checks there was hardly time, and any.
    const from = chance() < 0.5 ? Math.max(0, files.length - 30) : 0;
    const file = files[between(from, files.length)];
    const answer = await alice.raw('GET', alice.content(file.package, file.id));
    if (answer.status >= 400) {
      count.refused += 1;
      return await sleep(10);
    }
    assert.equal(answer.status, 200);
    count.reads += 1;
    assert.ok(!file.bad, `${file.name} holds the test virus and was served`);
    const pack = await alice.json('GET', `/packages/${file.package}`);
    const now = pack.files.find(({ id }) => id === file.id);
    assert.equal(now.check, 'clean', `${file.name} was served unchecked`);
    // A connection cut by the kill throws above; what came whole must be whole.
    assert.equal(sha256(answer.body), file.sha, `${file.name} reads back changed`);
  }

  async function command() {
    number += 1;
    const to = `c${number}@example.net`;
    const name = `cli-${number}.bin`;
    const data = content(name, between(1, 12_000_000));
    const path = join(sofie.dir, 'work', name);
    writeFileSync(path, data);
    const args = ['send', path, '--server', sofie.url, '--token', token, '--to', to, '--json'];
    let done;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      done = await sofie.run(args, { within: 60_000 });
      // 5: not reachable; the same command again goes on where it stopped.
      if (done.code === 0 || !running) break;
      assert.equal(done.code, 5, `sofie send ended with ${done.code}: ${done.stderr}`);
      await sleep(300);
    }
    if (done.code !== 0) return;
    const outcome = JSON.parse(done.stdout.trim().split('\n').at(-1));
    count.commands += 1;
    sent.set(outcome.id, { to });
    const pack = await until('the sent package can be read', () => alice.json('GET', `/packages/${outcome.id}`).catch(() => null));
    files.push({ package: pack.id, id: pack.files[0].id, name, sha: sha256(data), bad: false });
  }

  it(`survives ${CRASHES} kills under load`, { timeout: (20 + CRASHES / 10) * 60_000 }, async () => {
    const load = [uploader, uploader, tusUploader, resumer, reader, reader, command].map(forever);
    const failed = Promise.race(load.map((work) => work.then(() => new Promise(() => undefined))));
    const crashes = (async () => {
      for (let i = 0; i < CRASHES && running; i += 1) {
        await sleep(between(50, 1800));
        kills.push(Date.now());
        if (i % 5 === 4) killDatabase();
        await sofie.kill9();
        await sofie.up();
      }
    })();
    try {
      await Promise.race([crashes, failed]);
    } finally {
      running = false;
      await crashes;
    }
    await Promise.all(load);
    console.log(`# ${files.length} files and ${uploads.length} uploads acknowledged, ${count.commands} commands, ${count.reads} reads, ${count.refused} refusals`);
    assert.ok(files.length > CRASHES && count.reads > 0, 'there was load');
  });

  it('every acknowledged file reads back identical, and what is dangerous is held', { timeout: 10 * 60_000 }, async () => {
    for (const upload of uploads.filter(({ package: id }) => !sent.has(id))) {
      if (!upload.done) await goOn(upload);
    }
    let lost = 0;
    for (const { package: id, to, name, bad, data, acknowledged } of owed) {
      const { files: there, send_requested: heard } = await alice.json('GET', `/packages/${id}`);
      assert.ok(heard || !acknowledged, `an acknowledged send of ${id} is forgotten`);
      if (!heard) continue;
      if (!acknowledged) lost += 1;
      const file = there.find(({ path }) => path === name) ?? await alice.put(id, name, data);
      files.push({ package: id, id: file.id, name, sha: sha256(data), bad });
      sent.set(id, { to });
    }
    console.log(`# ${lost} sends were heard though their answers were lost, each with a file to come`);
    for (const upload of uploads) files.push({ package: upload.package, id: upload.id, name: upload.name, sha: sha256(content(upload.name, upload.size)), bad: false });
    const over = (id) => alice.settled(id, 120_000).catch((error) => {
      const rows = (table, which) => query(sofie.data, `SELECT to_jsonb(x) - 'payload' FROM ${table} x WHERE ${which}`);
      const about = [rows('packages', `id = '${id}'`), rows('files', `package_id = '${id}'`), rows('jobs', `payload::text LIKE '%${id}%'`)];
      throw new Error(`${error.message}\n${about.flat().join('\n')}`);
    });
    for (const id of sent.keys()) await over(id);
    // A draft whose send was never acknowledged is sent now, to see its files.
    for (const id of new Set(files.map((file) => file.package))) {
      if (sent.has(id)) continue;
      const { send_requested: heard } = await alice.json('GET', `/packages/${id}`);
      if (heard) await over(id);
      else await alice.deliver(id, 120_000);
    }
    for (const file of files) {
      const answer = await alice.raw('GET', alice.content(file.package, file.id));
      if (file.bad) assert.ok(answer.status >= 400, `${file.name} holds the test virus and was served`);
      else {
        assert.equal(answer.status, 200, `${file.name}: ${answer.status} ${answer.status === 200 ? '' : answer.body}`);
        assert.equal(sha256(answer.body), file.sha, file.name);
      }
    }
  });

  it('no mail went out twice beyond its window, and none is missing', async () => {
    await until('the outbox is empty', async () => (await sofie.outbox()).every(({ state }) => state === 'sent'), 60_000, 500).catch((error) => {
      const rows = query(sofie.data, "SELECT kind, to_email, state, attempts, created_at, dropped_at, last_error FROM mails WHERE state <> 'sent' LIMIT 5");
      throw new Error(`${error.message}: ${rows.join('; ')}`);
    });
    const key = ({ to, data }) => `${to} ${data.match(/^Subject:.*$/m)?.[0]}`;
    const id = ({ data }) => data.match(/^Message-ID:\s*(.*)$/im)?.[1];
    const groups = Map.groupBy ? Map.groupBy(box.mails, key) : box.mails.reduce((map, mail) => map.set(key(mail), [...(map.get(key(mail)) ?? []), mail]), new Map());
    const gaps = [];
    for (const [what, mails] of groups) {
      if (mails.length === 1) continue;
      assert.ok(id(mails[0]), 'a mail without Message-ID');
      assert.equal(new Set(mails.map(id)).size, 1, `${what}: ${mails.length} different mails for one transition`);
      for (const mail of mails.slice(0, -1)) {
        const killed = kills.find((at) => at >= mail.at - LATE && at <= mail.at + WINDOW);
        gaps.push(killed - mail.at);
        assert.ok(killed !== undefined, `${what} went out again after ${mails.map(({ at }) => at - mail.at)} ms although nothing was killed then: ${kills.map((at) => at - mail.at)}`);
      }
    }
    console.log(`# ${box.mails.length} mails, ${gaps.length} of them again: killed ${gaps.join(', ')} ms after the first`);
    for (const [pack, { to }] of sent) {
      if (!to) continue;
      const { state } = await alice.json('GET', `/packages/${pack}`);
      const got = box.mails.some((mail) => mail.to.includes(to));
      const wanted = state === 'delivered' || state === 'partly_delivered';
      const row = () => query(sofie.data, `SELECT state, attempts, created_at, sent_at, last_error FROM mails WHERE to_email = '${to}'`);
      assert.equal(got, wanted, `${to}: package ${pack} is ${state}, mailed: ${got}, in the outbox: ${got === wanted ? '' : row()}`);
    }
  });

  it('nothing is left behind: no dead job, no blob without a file', async () => {
    await until('no job is left', () => query(sofie.data, "SELECT 1 FROM jobs WHERE state IN ('queued', 'running') AND run_at <= now()").length === 0, 60_000, 500);
    assert.deepEqual(query(sofie.data, "SELECT name, last_error FROM jobs WHERE state = 'dead'"), []);
    assert.doesNotMatch(sofie.log(), /panicked at/);
    // The database first: what is unlinked meanwhile is then on its list, not missing on the disk.
    const ids = (table) => query(sofie.data, `SELECT encode(blob_id, 'hex') FROM ${table}`);
    const [wanted, doomed] = [ids('files'), ids('doomed_blobs')];
    const stored = blobs();
    assert.deepEqual(wanted.filter((id) => !stored.has(id)), [], 'files without their blob');
    const known = new Set([...wanted, ...doomed]);
    const strays = [...stored].filter(([id]) => !known.has(id));
    // The blob comes before its row: a kill in between leaves one, which is collected when it was alone for a day.
    const unexplained = strays.filter(([, { at }]) => !kills.some((kill) => at > kill - 5000 && at < kill + 500));
    assert.deepEqual(unexplained, [], 'blobs without a file that no kill explains');
    assert.ok(wanted.length >= files.length, `${wanted.length} rows of ${files.length} files`);
    for (const path of strays.flatMap(([, { paths }]) => paths)) utimesSync(path, LONG_AGO, LONG_AGO);
    await runTask(sofie.data, 'collect_orphans');
    query(sofie.data, 'UPDATE doomed_blobs SET doomed_at = now()');
    await runTask(sofie.data, 'unlink_blobs');
    assert.deepEqual([...blobs().keys()].sort(), wanted.sort(), 'what was left is collected, and nothing else');
    console.log(`# ${wanted.length} files and ${doomed.length} doomed in the database, ${stored.size} blobs, ${strays.length} left by kills`);
    assert.equal(await sofie.stop(), 0);
  });

  /** The blobs on the disk, by id: their files and the time of the last change. */
  function blobs() {
    const root = join(sofie.data, 'blobs');
    const found = new Map();
    for (const path of readdirSync(root, { recursive: true })) {
      const [, id] = path.match(/([0-9a-f]{32})(\.\w+)?$/) ?? [];
      if (!id) continue;
      const blob = found.get(id) ?? { at: 0, paths: [] };
      blob.paths.push(join(root, path));
      blob.at = Math.max(blob.at, statSync(join(root, path)).mtimeMs);
      found.set(id, blob);
    }
    return found;
  }

  /** The private PostgreSQL dies at the same moment, as all processes of a machine do. */
  function killDatabase() {
    try {
      process.kill(Number(readFileSync(join(sofie.data, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
    } catch {
      // It is just starting.
    }
  }
});
