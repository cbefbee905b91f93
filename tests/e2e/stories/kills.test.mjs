// The server dies at each step of an upload and of what follows from it (K1 to K18; docs/assurance.md says which
// step of ours each is): what was acknowledged reads back equal, a package is there once, a verdict is neither lost nor
// invented, a mail goes out at most twice, as the same one. A marker proves that each point was hit.
// SOFIE_KILL_ROUNDS (default 1) goes through all of them so often, SOFIE_SEED repeats a run.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Upload } from 'tus-js-client';
import { Api, sha256 } from '../lib/api.mjs';
import { Fleet } from '../lib/fleet.mjs';
import { INSTALLED, Kafka } from '../lib/kafka.mjs';
import { hasPoints, KillFile, random } from '../lib/kills.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { EICAR } from '../lib/samples.mjs';
import { query, runTask } from '../lib/scan.mjs';
import { Mailbox } from '../lib/smtp.mjs';
import { PASSWORD, Sofie, until } from '../lib/sofie.mjs';

const ROUNDS = Number(process.env.SOFIE_KILL_ROUNDS ?? 1);
const SEED = Number(process.env.SOFIE_SEED ?? Date.now() % 1_000_000);
const MIB = 1 << 20;
const RELEASE = !hasPoints() && 'a release build has no such points';

/** Content that can be made again from its name. */
function content(name, size) {
  const data = Buffer.alloc(size);
  const block = createHash('sha512').update(name).digest();
  for (let at = 0; at < size; at += block.length) block.copy(data, at);
  return data;
}

describe('kill points', { skip: RELEASE }, () => {
  let sofie, box, alice, kill, dir;
  const chance = random(SEED);
  const between = (from, to) => Math.floor(from + chance() * (to - from));
  const files = []; // { package, id, sha }
  const hits = {};
  let number = 0;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sofie-kill-'));
    kill = new KillFile(join(dir, 'kill'));
    [sofie, box] = await Promise.all([Sofie.start(kill.env), Mailbox.start()]);
    await sofie.addAdministrator('root@example.org');
    const root = new Api(sofie.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    const values = { 'mail.smtp_host': '127.0.0.1', 'mail.smtp_port': box.port, 'mail.smtp_security': 'none', 'packages.deleted_days': 0 };
    await root.json('PATCH', '/admin/settings', { values });
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(async () => {
    box?.stop();
    await sofie?.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = (sql) => query(sofie.data, sql);

  /** Has the server die at a point while something is done, and starts it again. What came of it is for the caller to say. */
  async function killed(point, act, whileDead = () => undefined) {
    kill.arm(point);
    const done = act();
    // What is done may fail with the server; whether it may is judged by who asked.
    done.catch(() => undefined);
    await kill.hit(point, () => !sofie.alive);
    hits[point] = (hits[point] ?? 0) + 1;
    whileDead();
    await sofie.up();
    // Who had them is gone; the minute of their leases is not waited for.
    ask("UPDATE jobs SET lease_until = now() WHERE state = 'running'");
    return { done };
  }

  async function draft(more = {}) {
    number += 1;
    const to = `r${number}@example.net`;
    const { id } = await alice.package({ type: 'private', title: `Package ${number}`, recipients: [to], ...more });
    return { id, to, name: `${number}.bin` };
  }

  /** Uploads with an unmodified client, which goes on by itself; nothing that was acknowledged may be asked for again. */
  async function tus({ id, name }, data, chunkSize) {
    let acknowledged = 0;
    return await new Promise((resolve, reject) => {
      const upload = new Upload(data, {
        endpoint: `${alice.base}/uploads`,
        headers: { Authorization: `Bearer ${alice.token}` },
        metadata: { package: id, filename: name },
        chunkSize,
        retryDelays: Array(60).fill(250),
        onChunkComplete: (_, accepted) => (acknowledged = accepted),
        onAfterResponse: (request, response) => {
          if (request.getMethod() !== 'HEAD' || response.getStatus() >= 300) return;
          const offset = Number(response.getHeader('Upload-Offset'));
          if (offset < acknowledged) reject(new Error(`${acknowledged} bytes were acknowledged, ${offset} are left`));
        },
        onSuccess: () => resolve(upload.url.split('/').at(-1)),
        onError: reject,
      });
      upload.start();
    });
  }

  async function again(act) {
    return await until('the server takes it', () => act().catch((error) => {
      // The first request was heard, though its answer was lost.
      if (/: 409 /.test(error.message)) return true;
      if (/: [45]\d\d /.test(error.message) && !/: 503 /.test(error.message)) throw error;
      return null;
    }), 30_000, 100);
  }
  const send = ({ id }) => again(() => alice.json('POST', `/packages/${id}/send`));

  /** The package is delivered with this one file, equal to what was sent, once; its recipient was told once. */
  async function assertWhole({ id, to, name }, data, mails = 1) {
    const pack = await alice.settled(id, 60_000);
    assert.equal(pack.state, 'delivered', JSON.stringify(pack));
    assert.deepEqual(pack.files.map(({ path }) => path), [name]);
    const answer = await alice.raw('GET', alice.content(id, pack.files[0].id));
    assert.deepEqual([answer.status, sha256(answer.body)], [200, sha256(data)], name);
    files.push({ package: id, id: pack.files[0].id, sha: sha256(data) });
    const events = (event) => ask(`SELECT seq FROM audit WHERE event = '${event}' AND object_id = '${id}'`).length;
    assert.deepEqual([events('PACKAGE_SUBMITTED'), events('PACKAGE_DELIVERED')], [1, 1], 'each transition once');
    const told = () => box.mails.filter((mail) => mail.to.includes(to));
    await until(`a mail to ${to}`, () => told().length > 0, 30_000);
    await until(`the mail to ${to} is noted`, () => ask(`SELECT 1 FROM mails WHERE to_email = '${to}' AND state = 'sent'`).length === 1, 30_000);
    assert.ok(told().length <= mails, `${told().length} mails to ${to}`);
    assert.equal(new Set(told().map((mail) => mail.data.match(/^Message-ID:\s*(.*)$/im)[1])).size, 1);
  }

  const upload = () => content(`${SEED}-${number}`, between(18 * MIB, 26 * MIB));
  /** What is stored by one write. */
  const small = () => content(`${SEED}-${number}`, between(1, 256 << 10));
  const step = () => between(8 * MIB + 1, 9 * MIB);

  for (let round = 1; round <= ROUNDS; round += 1) {
    it(`K1 to K9: an upload goes on where it was acknowledged (${round})`, { timeout: 900_000 }, async () => {
      for (const point of ['K1', 'K2', 'K3', 'K4', 'K5', 'K6', 'K7', 'K8', 'K9']) {
        const pack = await draft();
        const data = upload();
        await (await killed(point, () => tus(pack, data, step()))).done;
        await send(pack);
        await assertWhole(pack, data);
      }
    });

    it(`a small file whose PUT was not answered is not there, or is there whole (${round})`, async () => {
      for (const point of ['K3-put', 'K9-put']) {
        const pack = await draft();
        const data = small();
        const { done } = await killed(point, () => alice.put(pack.id, pack.name, data));
        await assert.rejects(done);
        const { files: there } = await alice.json('GET', `/packages/${pack.id}`);
        assert.deepEqual(there, [], 'no row without an answer');
        await alice.put(pack.id, pack.name, data);
        await send(pack);
        await assertWhole(pack, data);
      }
    });

    it(`K10: a package whose sending was not answered is there once (${round})`, async () => {
      const pack = await draft();
      const data = small();
      await alice.put(pack.id, pack.name, data);
      const { done } = await killed('K10', () => alice.json('POST', `/packages/${pack.id}/send`));
      await assert.rejects(done);
      await send(pack);
      await assertWhole(pack, data);
    });

    it(`K12 to K16: a verdict is neither lost nor invented, and one mail goes out (${round})`, { timeout: 900_000 }, async () => {
      for (const point of ['K12', 'K13', 'K14', 'K15', 'K16']) {
        const pack = await draft();
        const data = point === 'K13' ? content(`${SEED}-${number}`, between(2 * MIB, 4 * MIB)) : small();
        await alice.put(pack.id, pack.name, data);
        await killed(point, () => alice.json('POST', `/packages/${pack.id}/send`));
        await assertWhole(pack, data, point === 'K16' ? 2 : 1);
        const rows = ask(`SELECT count(*), count(DISTINCT (v.file_id, v.round, v.engine)), count(*) FILTER (WHERE v.outcome <> 'clean') FROM verdicts v JOIN files f ON f.id = v.file_id WHERE f.package_id = '${pack.id}'`);
        const [all, distinct, other] = rows[0].split('|').map(Number);
        assert.ok(all > 0 && all === distinct && other === 0, `${point}: ${rows}`);
      }
      // What is dangerous stays held wherever the checks were killed.
      for (const point of ['K12', 'K13', 'K14', 'K15']) {
        const pack = await draft();
        const { id } = await alice.put(pack.id, pack.name, EICAR);
        await killed(point, () => alice.json('POST', `/packages/${pack.id}/send`));
        assert.notEqual((await alice.settled(pack.id)).state, 'delivered');
        const answer = await alice.raw('GET', alice.content(pack.id, id));
        assert.ok(answer.status >= 400, `the test virus was served after ${point}`);
        assert.ok(!box.mails.some((mail) => mail.to.includes(pack.to)), 'its recipient was told of it');
      }
    });

    it(`K17: a package whose key is gone loses its blob too, and nothing else does (${round})`, { timeout: 600_000 }, async () => {
      const pack = await draft();
      await alice.put(pack.id, pack.name, small());
      assert.equal((await alice.deliver(pack.id)).state, 'delivered');
      const [blob] = ask(`SELECT encode(blob_id, 'hex') FROM files WHERE package_id = '${pack.id}'`);
      const stored = () => readdirSync(join(sofie.data, 'blobs'), { recursive: true }).some((path) => path.includes(blob));
      assert.equal((await alice.raw('DELETE', `/packages/${pack.id}`)).status, 204);
      const shred = async () => ask("DELETE FROM schedule_ticks WHERE task = 'shred_packages'");
      // Once it lives again it may unlink the blob at any moment.
      await killed('K17', shred, () => assert.ok(stored(), 'the blob is still there'));
      assert.deepEqual(ask(`SELECT 1 FROM package_keys WHERE package_id = '${pack.id}'`), [], 'the key is gone');
      await runTask(sofie.data, 'shred_packages');
      ask('UPDATE doomed_blobs SET doomed_at = now()');
      await runTask(sofie.data, 'unlink_blobs');
      assert.ok(!stored());
      assert.equal(ask(`SELECT seq FROM audit WHERE event = 'PACKAGE_SHREDDED' AND object_id = '${pack.id}'`).length, 1, 'once');
    });

    it(`K18: every package stays readable whenever a rotation dies, which ends when it is asked again (${round})`, async () => {
      const own = new KillFile(join(dir, 'rotation'));
      const id = await sofie.command('keys', 'add');
      await sofie.command('keys', 'activate', id);
      own.arm('K18');
      const { code } = await sofie.run(['keys', 'rotate', '--data-dir', sofie.data], { env: own.env });
      assert.equal(code, 'killed by SIGKILL');
      await own.hit('K18', () => true);
      hits.K18 = (hits.K18 ?? 0) + 1;
      await assertAll();
      await sofie.command('keys', 'rotate');
      const active = JSON.parse(await sofie.command('keys', 'list', '--json')).filter(({ packages }) => packages > 0);
      assert.deepEqual(active.map((key) => key.id), [id]);
      await assertAll();
    });
  }

  async function assertAll() {
    for (const file of files) {
      const answer = await alice.raw('GET', alice.content(file.package, file.id));
      assert.deepEqual([answer.status, sha256(answer.body)], [200, file.sha], file.package);
    }
  }

  it('everything that was acknowledged is there, and nothing else', async (context) => {
    await assertAll();
    assert.deepEqual(ask("SELECT name, last_error FROM jobs WHERE state = 'dead'"), []);
    const report = JSON.parse(await sofie.command('verify', '--deep', '--json'));
    // What a death leaves between blob and row is a surplus blob, which is collected in its time; nothing is missing.
    const missing = Object.keys(report.problems).filter((problem) => problem !== 'surplus');
    assert.deepEqual(missing, [], JSON.stringify(report.problems));
    assert.doesNotMatch(sofie.log(), /panicked at/);
    context.diagnostic(`seed ${SEED}: ${Object.entries(hits).map(([point, count]) => `${point}×${count}`).join(' ')}; ${files.length} files compared`);
  });
});

describe('kill points of Kafka', { skip: RELEASE || (!INSTALLED && 'Kafka is not installed: scripts/install.sh test') }, () => {
  let kafka, postgres, fleet, alice, kill, dir;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sofie-kill-'));
    kill = new KillFile(join(dir, 'kill'));
    [postgres, kafka] = await Promise.all([Postgres.start(), Kafka.start()]);
    fleet = await Fleet.prepare(postgres);
    Object.assign(fleet.env, { SOFIE__KAFKA__BROKERS: kafka.brokers, ...kill.env });
    await fleet.command('migrate');
    await fleet.command('kafka', 'setup');
    await fleet.up('web', 'worker');
    alice = new Api(fleet.url, { token: await fleet.addUser('alice@example.org') });
    await until('both reach the broker', () => ['web', 'worker'].every((name) => fleet.part(name).text().includes('Kafka answers')));
  });
  after(async () => {
    await fleet?.remove();
    await kafka?.remove();
    await postgres?.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const point of ['K11', 'K11-published']) {
    it(`${point}: a job that was noted as announced is done, whether anybody heard of it or not`, { timeout: 600_000 }, async () => {
      const { id } = await alice.package({ type: 'private', title: point, recipients: ['bob@example.net'] });
      await alice.put(id, 'a.txt', Buffer.from(`${point}\n`));
      kill.arm(point);
      await alice.json('POST', `/packages/${id}/send`).catch(() => undefined);
      const dead = () => [...fleet.parts].find(([, part]) => !part.alive)?.[0];
      await kill.hit(point, dead);
      await fleet.up(dead());
      postgres.query("UPDATE jobs SET lease_until = now() WHERE state = 'running'");
      await until('it was heard', () => alice.json('POST', `/packages/${id}/send`).catch((error) => / 409 /.test(error.message)));
      assert.equal((await alice.settled(id, 90_000)).state, 'delivered');
      assert.deepEqual(postgres.query(`SELECT event FROM audit WHERE object_id = '${id}' AND event IN ('PACKAGE_SUBMITTED', 'PACKAGE_DELIVERED') ORDER BY seq`), ['PACKAGE_SUBMITTED', 'PACKAGE_DELIVERED']);
    });
  }
});
