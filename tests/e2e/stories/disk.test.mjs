// The disk fails (P4), fills up (P5) and lies (P16): nothing is acknowledged that is not stored, nothing wrong is handed
// out, everything else goes on, and it recovers without a restart.
// SOFIE_EIO (default 10), SOFIE_FLIPS (default 40) and SOFIE_SEED.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { Api, sha256 } from '../lib/api.mjs';
import { random } from '../lib/kills.mjs';
import { noise } from '../lib/samples.mjs';
import { query } from '../lib/scan.mjs';
import { freePort, PASSWORD, Sofie, until } from '../lib/sofie.mjs';

const EIO = Number(process.env.SOFIE_EIO ?? 10);
const FLIPS = Number(process.env.SOFIE_FLIPS ?? 40);
const SEED = Number(process.env.SOFIE_SEED ?? Date.now() % 1_000_000);
const ROOT = process.getuid() === 0;
const MIB = 1 << 20;
/** Room that uploads leave, as the server has it. */
const FLOOR = 256 * MIB;

const chance = random(SEED);
const between = (from, to) => Math.floor(from + chance() * (to - from));

/** Whether one process may trace another here. */
function canTrace() {
  try {
    execFileSync('strace', ['-qq', '-e', 'trace=none', 'true'], { stdio: 'ignore' });
    return ROOT;
  } catch {
    return false;
  }
}

describe('a disk that fails', { skip: !canTrace() && 'strace may not be used here' }, () => {
  let sofie, alice;
  before(async () => {
    sofie = await Sofie.start();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(() => sofie?.remove());

  /** Has some calls of the server fail while something is done. */
  async function failing(inject, act) {
    const log = join(sofie.dir, 'strace.log');
    const trace = spawn('strace', ['-f', '-qq', '-o', log, '-e', `trace=${inject.split(':')[0]}`, '-e', `inject=${inject}`, '-p', `${sofie.pid}`], { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      await until('every thread is traced', () => {
        const traced = readdirSync(`/proc/${sofie.pid}/task`).map((task) => {
          try {
            return readFileSync(`/proc/${sofie.pid}/task/${task}/status`, 'utf8');
          } catch {
            return 'TracerPid:\t1';
          }
        });
        return traced.every((status) => !/TracerPid:\t0$/m.test(status));
      }, 10_000, 20);
      await act();
    } finally {
      trace.kill('SIGINT');
      await once(trace, 'exit');
    }
    return (readFileSync(log, 'utf8').match(/\(INJECTED\)/g) ?? []).length;
  }

  it(`acknowledges nothing that it could not write or sync, ${EIO} times`, { timeout: 20 * 60_000 }, async (context) => {
    const kept = [];
    let injected = 0;
    let refused = 0;
    for (let round = 0; round < EIO; round += 1) {
      const { id } = await alice.package({ type: 'public' });
      const good = noise(between(1, 300_000));
      kept.push({ package: id, sha: sha256(good), file: (await alice.put(id, 'good.bin', good)).id });
      const call = ['fdatasync', 'pwrite64', 'fsync'][round % 3];
      const data = noise(between(1, 3 * MIB));
      let answer;
      injected += await failing(`${call}:error=EIO`, async () => {
        answer = await alice.raw('PUT', `/packages/${id}/files/bad.bin`, { body: data, headers: { 'Content-Length': data.length } }).catch(() => ({ status: 0 }));
      });
      if (answer.status !== 201) refused += 1;
      assert.ok(answer.status === 201 || answer.status === 0 || answer.status >= 500, `${call}: ${answer.status}`);
      const { files } = await alice.json('GET', `/packages/${id}`);
      const bad = files.find(({ path }) => path === 'bad.bin');
      assert.equal(bad !== undefined, answer.status === 201, `${call}: a file without an answer, or an answer without a file`);
      // The same again, as a client does.
      const again = bad ?? await alice.put(id, 'bad.bin', data);
      kept.push({ package: id, sha: sha256(data), file: again.id });
      assert.equal((await alice.deliver(id)).state, 'delivered');
    }
    assert.ok(refused > 0 && injected > 0, `${injected} calls failed, ${refused} uploads were refused`);
    for (const one of kept) {
      const answer = await alice.raw('GET', alice.content(one.package, one.file));
      assert.deepEqual([answer.status, sha256(answer.body)], [200, one.sha]);
    }
    context.diagnostic(`${EIO} uploads, ${injected} calls failed, ${refused} refused, ${kept.length} files compared, seed ${SEED}`);
  });
});

describe('a full disk', { skip: !ROOT && 'needs root, for a small file system' }, () => {
  let sofie, alice, blobs;
  const mount = (options) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', blobs]);
  before(async () => {
    sofie = new Sofie(mkdtempSync(join(tmpdir(), 'sofie-e2e-')), await freePort());
    blobs = join(sofie.data, 'blobs');
    mkdirSync(sofie.data, { mode: 0o700 });
    mkdirSync(blobs, { mode: 0o700 });
    mount('size=420m,mode=700');
    await sofie.up();
    await sofie.addAdministrator('root@example.org');
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(async () => {
    await sofie?.stop();
    if (blobs) execFileSync('umount', [blobs]);
    await sofie?.remove();
  });

  /** Uploads are refused, and nothing else is; then room is made, and they go on at once. */
  async function goesOn(pack, fill, makeRoom, late = false) {
    const data = noise(30 * MIB);
    // At once, or when the server has begun to store it.
    async function* body() {
      yield data.subarray(0, 10 * MIB);
      await until('some of it is stored', () => readdirSync(blobs, { recursive: true }).some((path) => path.endsWith('.data')));
      fill();
      yield data.subarray(10 * MIB);
    }
    if (!late) fill();
    const put = (content) => alice.raw('PUT', `/packages/${pack.id}/files/more.bin`, { body: content, headers: { 'Content-Length': data.length, Connection: 'close' } })
      // Refused in the middle, the connection may be closed before all of the body is written.
      .catch(() => ({ status: 0 }));
    const answer = await put(late ? Readable.from(body()) : data);
    assert.ok([0, 503, 507].includes(answer.status), `${answer.status} ${answer.body}`);
    assert.deepEqual((await alice.json('GET', `/packages/${pack.id}`)).files.map(({ path }) => path), ['first.bin'], 'nothing is acknowledged');
    const read = await alice.raw('GET', alice.content(pack.old.package, pack.old.file));
    assert.deepEqual([read.status, sha256(read.body)], [200, pack.old.sha], 'downloads go on');
    const root = new Api(sofie.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    makeRoom();
    await until('uploads go on', async () => (await put(data)).status === 201, 30_000, 200);
    assert.equal((await alice.deliver(pack.id)).state, 'delivered');
  }

  async function pack() {
    const data = noise(MIB);
    const old = await alice.package({ type: 'public' });
    const file = await alice.put(old.id, 'old.bin', data);
    assert.equal((await alice.deliver(old.id)).state, 'delivered');
    const { id } = await alice.package({ type: 'public' });
    await alice.put(id, 'first.bin', Buffer.from('first'));
    return { id, old: { package: old.id, file: file.id, sha: sha256(data) } };
  }

  const filler = () => join(blobs, 'filler');

  it('refuses what would leave too little room', async () => {
    const { bavail, bsize } = statfsSync(blobs);
    await goesOn(await pack(), () => writeFileSync(filler(), Buffer.alloc(bavail * bsize - FLOOR - 10 * MIB)), () => unlinkSync(filler()));
  });

  it('refuses what does not fit although there was room', async () => {
    const made = await pack();
    await goesOn(made, () => {
      // Room was looked for before; now the file system itself says no in the middle of a write.
      const { blocks, bfree, bsize } = statfsSync(blobs);
      execFileSync('mount', ['-o', `remount,size=${(blocks - bfree) * bsize + 2 * MIB}`, blobs]);
    }, () => execFileSync('mount', ['-o', 'remount,size=420m', blobs]), true);
  });

  it('refuses what there is no name left for', async () => {
    const made = await pack();
    const used = readdirSync(blobs, { recursive: true }).length + 2;
    await goesOn(made, () => {
      execFileSync('mount', ['-o', `remount,nr_inodes=${used}`, blobs]);
    }, () => execFileSync('mount', ['-o', 'remount,nr_inodes=0', blobs]));
  });
});

describe('a disk that lies', () => {
  let sofie, alice;
  before(async () => {
    sofie = await Sofie.start();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(() => sofie?.remove());

  it(`never hands a wrong byte out, ${FLIPS} times, and the integrity check finds each`, { timeout: 20 * 60_000 }, async (context) => {
    const data = [noise(1), noise(70_000), noise(MIB), noise(9 * MIB)];
    const { id } = await alice.package({ type: 'public' });
    const files = [];
    for (const [at, bytes] of data.entries()) files.push({ ...(await alice.put(id, `${at}.bin`, bytes)), bytes });
    assert.equal((await alice.deliver(id)).state, 'delivered');
    const root = join(sofie.data, 'blobs');
    const paths = files.map((file) => {
      const [blob] = query(sofie.data, `SELECT encode(blob_id, 'hex') FROM files WHERE id = '${file.id}'`);
      return join(root, blob.slice(0, 2), blob);
    });
    const kinds = {
      flip(path, bytes) {
        const at = between(0, bytes.length);
        bytes[at] ^= 1 << between(0, 8);
        writeFileSync(path, bytes);
      },
      truncate: (path, bytes) => truncateSync(path, between(0, bytes.length)),
      extend: (path, bytes) => writeFileSync(path, Buffer.concat([bytes, noise(between(1, 100))])),
      zero(path, bytes) {
        const at = between(0, bytes.length);
        bytes.fill(0, at, Math.min(bytes.length, at + 512));
        if (sha256(bytes) === sha256(readFileSync(path))) bytes[at] ^= 255;
        writeFileSync(path, bytes);
      },
      swap: (path, _, other) => copyFileSync(other, path),
      remove: (path) => renameSync(path, `${path}-away`),
    };
    const counts = {};
    for (let round = 0; round < FLIPS; round += 1) {
      const [kind, damage] = Object.entries(kinds)[round % Object.keys(kinds).length];
      const at = between(0, files.length);
      const [path, file] = [paths[at], files[at]];
      const whole = readFileSync(path);
      damage(path, Buffer.from(whole), paths[(at + 1) % paths.length]);
      // Whatever comes is a beginning of what was sent; a whole file only if it is all of it.
      const got = [];
      const answer = await alice.raw('GET', alice.content(id, file.id), { sink: (chunk) => got.push(chunk) }).catch(() => ({ status: 0 }));
      const bytes = Buffer.concat(got);
      if (answer.status === 200) assert.fail(`${kind}: a damaged file was handed out as a whole`);
      if (answer.status === 0) assert.ok(bytes.equals(file.bytes.subarray(0, bytes.length)), `${kind}: a wrong byte was handed out`);
      const next = (at + 2) % files.length;
      const fine = await alice.raw('GET', alice.content(id, files[next].id));
      assert.deepEqual([fine.status, fine.body.equals(files[next].bytes)], [200, true], 'the others are fine');
      const report = JSON.parse((await sofie.run(['verify', '--deep', '--json', '--data-dir', sofie.data])).stdout);
      assert.equal(report.sound, false, `${kind}: the integrity check sees nothing`);
      rmSync(path, { force: true });
      rmSync(`${path}-away`, { force: true });
      writeFileSync(path, whole, { mode: 0o600 });
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    for (const file of files) assert.ok((await alice.raw('GET', alice.content(id, file.id))).body.equals(file.bytes));
    context.diagnostic(`${Object.entries(counts).map(([kind, count]) => `${kind}×${count}`).join(' ')}, seed ${SEED}`);
  });
});
