// Clocks jump (P13) and workers stand still beyond their lease (P15): what ended stays ended, nothing ends early, and a
// result that comes too late counts for nothing.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { Fleet } from '../lib/fleet.mjs';
import { hasPoints, KillFile } from '../lib/kills.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { Sofie, until } from '../lib/sofie.mjs';

const FAKETIME = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`).find((path) => existsSync(path));
const HOUR = 3600;
const DAY = 24 * HOUR;
const ZOMBIES = Number(process.env.SOFIE_ZOMBIES ?? 3);

describe('a clock that jumps', { skip: !FAKETIME && 'libfaketime is not installed: scripts/install.sh test' }, () => {
  let sofie, alice, token;
  before(async () => {
    sofie = await Sofie.start();
    token = await sofie.addUser('alice@example.org');
    alice = new Api(sofie.url, { token });
  });
  after(() => sofie?.remove());

  /** Starts the server and its database with another time, so many seconds from ours; it can't be before the build. */
  async function at(seconds) {
    await sofie.stop();
    sofie.env = { LD_PRELOAD: FAKETIME, FAKETIME: `+${seconds}`, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' };
    await sofie.up();
  }

  async function pack(days) {
    const { id } = await alice.package({ type: 'public', expires_in_days: days });
    await alice.put(id, 'a.txt', Buffer.from(`for ${days} days\n`));
    const { files: [file] } = await alice.deliver(id);
    return { id, status: async () => (await alice.raw('GET', alice.content(id, file.id))).status };
  }

  it('ends nothing early when it goes back or ahead a little, and nothing that ended comes back', { timeout: 900_000 }, async () => {
    const now = 10 * DAY;
    await at(now);
    const [short, long] = [await pack(2), await pack(30)];
    for (const offset of [-HOUR, 5, -5, HOUR, -DAY, DAY]) {
      await at(now + offset);
      assert.deepEqual([await short.status(), await long.status()], [200, 200], `${offset} s`);
    }
    await at(now + 5 * DAY);
    assert.equal(await long.status(), 200);
    await until('the short one has ended', async () => await short.status() !== 200);
    await until('and is put away', async () => (await alice.json('GET', `/packages/${short.id}`)).life === 'deleted', 60_000, 300);
    for (const offset of [0, -DAY, 5 * DAY, HOUR]) {
      await at(now + offset);
      assert.notEqual(await short.status(), 200, `it came back with the clock ${offset} s away`);
      assert.equal(await long.status(), 200);
    }
    await pack(1);
    assert.equal(await sofie.stop(), 0);
  });

  it('does not let the server start with a time from before its build', async () => {
    const refused = await sofie.run(['serve', '--data-dir', sofie.data, '--listen', '127.0.0.1:0'], { env: { LD_PRELOAD: FAKETIME, FAKETIME: '-4000d', FAKETIME_DONT_FAKE_MONOTONIC: '1' } });
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /before this program was built/);
  });
});

describe('a worker that stands still', { skip: !hasPoints() && 'a release build has no such points' }, () => {
  let postgres, fleet, alice, kill, dir;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sofie-kill-'));
    kill = new KillFile(join(dir, 'kill'));
    postgres = await Postgres.start();
    fleet = await Fleet.prepare(postgres);
    Object.assign(fleet.env, kill.env);
    await fleet.command('migrate');
    await fleet.up('web', 'worker-1');
    alice = new Api(fleet.url, { token: await fleet.addUser('alice@example.org') });
  });
  after(async () => {
    await fleet?.remove();
    await postgres?.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  it(`beyond its lease does nothing twice when it goes on, ${ZOMBIES} times`, { timeout: 20 * 60_000 }, async (context) => {
    for (let round = 0; round < ZOMBIES; round += 1) {
      const point = ['K12', 'K13', 'K14'][round % 3];
      const { id } = await alice.package({ type: 'private', title: point, recipients: [`r${round}@example.net`] });
      await alice.put(id, 'a.txt', Buffer.from(`${point}\n`));
      kill.arm(`stop ${point}`);
      await alice.json('POST', `/packages/${id}/send`);
      const zombie = fleet.part('worker-1');
      await kill.hit(`stop ${point}`, () => true);
      // Its minute is over, for everybody but itself. It may stand still in a transaction about other rows, whose locks it keeps.
      const free = "SELECT id FROM jobs WHERE state = 'running' FOR UPDATE SKIP LOCKED";
      await until('it holds a lease', () => postgres.query(`UPDATE jobs SET lease_until = now() - interval '1 second' WHERE id IN (${free}) RETURNING id`).length > 0);
      await fleet.up('worker-2');
      assert.equal((await alice.settled(id, 90_000)).state, 'delivered');
      const rows = () => postgres.query(`SELECT count(*), count(DISTINCT (v.file_id, v.round, v.engine)) FROM verdicts v JOIN files f ON f.id = v.file_id WHERE f.package_id = '${id}'`)[0];
      const before = rows();
      zombie.child.kill('SIGCONT');
      await until('it notices', () => /came too late|lease of a job was lost/.test(zombie.text().slice(-20_000)) || rows() === before, 20_000);
      await fleet.down('worker-2');
      // It goes on with other work as if nothing had been.
      const next = await alice.package({ type: 'private', title: 'next', recipients: [`n${round}@example.net`] });
      await alice.put(next.id, 'a.txt', Buffer.from('next\n'));
      assert.equal((await alice.deliver(next.id, 90_000)).state, 'delivered');
      assert.equal(rows(), before, 'what came too late changed nothing');
      const events = postgres.query(`SELECT event FROM audit WHERE object_id = '${id}' AND event IN ('PACKAGE_SUBMITTED', 'PACKAGE_DELIVERED') ORDER BY seq`);
      assert.deepEqual(events, ['PACKAGE_SUBMITTED', 'PACKAGE_DELIVERED']);
      assert.equal((await fleet.outbox()).filter(({ to }) => to === `r${round}@example.net`).length, 1);
    }
    assert.deepEqual(postgres.query("SELECT name FROM jobs WHERE state = 'dead'"), []);
    context.diagnostic(`${ZOMBIES} workers stood still beyond their lease`);
  });
});
