// The database hangs, is locked, or has no connection left (P6): who asks is told soon that it does not go now, nothing is
// acknowledged that is not written, and all goes on by itself when it is back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../lib/api.mjs';
import { Fleet } from '../lib/fleet.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { until } from '../lib/sofie.mjs';

/** A connection is waited for five seconds, a lock ten. */
const SOON = 14_000;
/** How soon after the database is back everything is. */
const BACK = 10_000;
const AT_ONCE = 16;

describe('a database that is not there as it should be', () => {
  let postgres, fleet, alice;
  const titles = []; // of packages that were acknowledged
  let number = 0;
  before(async () => {
    postgres = await Postgres.start();
    fleet = await Fleet.prepare(postgres);
    await fleet.command('migrate');
    await fleet.up('web', 'worker', 'scheduler');
    alice = new Api(fleet.url, { token: await fleet.addUser('alice@example.org') });
  });
  after(async () => {
    await fleet?.remove();
    await postgres?.remove();
  });

  const status = (path) => fetch(`${fleet.url}${path}`, { signal: AbortSignal.timeout(20_000) }).then((answer) => answer.status);

  /** Makes a package; returns the status, and how long it took. */
  async function make() {
    number += 1;
    const title = `Package ${number}`;
    const begun = Date.now();
    const body = JSON.stringify({ type: 'public', title });
    const answer = await alice.raw('POST', '/packages', { body, headers: { 'Content-Type': 'application/json', Connection: 'close' } });
    if (answer.status === 201) titles.push(JSON.parse(answer.body).id);
    return { status: answer.status, took: Date.now() - begun, retry: answer.headers['retry-after'] };
  }

  async function assertRefused(count) {
    const answers = await Promise.all(Array.from({ length: count }, make));
    const slowest = Math.max(...answers.map(({ took }) => took));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [503]);
    assert.ok(answers.every(({ retry }) => Number(retry) > 0), 'who is refused is told when to come again');
    assert.ok(slowest < SOON, `the slowest took ${slowest} ms`);
    return slowest;
  }

  /** All works again, soon. */
  async function assertBack() {
    await until('it is back', async () => (await status('/readyz')) === 200, BACK);
    assert.equal((await make()).status, 201);
    const pack = await alice.package({ type: 'private', title: 'After', recipients: ['bob@example.net'] });
    await alice.put(pack.id, 'a.txt', Buffer.from('after\n'));
    assert.equal((await alice.deliver(pack.id, 90_000)).state, 'delivered');
    for (const part of fleet.parts.values()) assert.ok(part.alive, `${part.role} ended`);
  }

  /** All processes of the server, and nobody else's. */
  function everyone() {
    const main = Number(readFileSync(`${postgres.dir}/data/postmaster.pid`, 'utf8').split('\n')[0]);
    const parent = (pid) => {
      try {
        return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^PPid:\s+(\d+)/m)[1]);
      } catch {
        return 0;
      }
    };
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
    return [main, ...all.filter((pid) => parent(pid) === main)];
  }

  it('says no while it hangs, and goes on when it does', { timeout: 600_000 }, async (context) => {
    assert.equal((await make()).status, 201);
    const stopped = everyone();
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    let slowest;
    try {
      // What lay idle for a second is asked before it is used; a question under way is given up after 45 s.
      await sleep(2000);
      slowest = await assertRefused(4);
      assert.equal(await status('/readyz'), 503);
      assert.equal(await status('/healthz'), 200);
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
    }
    await assertBack();
    context.diagnostic(`hung: refused within ${slowest} ms`);
  });

  it('says no while somebody holds a lock on everything', { timeout: 600_000 }, async (context) => {
    const holder = spawn('psql', ['-h', postgres.dir, '-p', `${postgres.port}`, '-U', 'postgres', '-qAt', '-d', 'postgres'], { stdio: ['pipe', 'pipe', 'ignore'] });
    holder.stdin.write('begin; lock table packages in access exclusive mode; select \'held\';\n');
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const slowest = await assertRefused(AT_ONCE);
    holder.stdin.end('rollback;\n');
    await assertBack();
    context.diagnostic(`locked: ${AT_ONCE} at once refused within ${slowest} ms`);
  });

  it('goes on with the connections that it has when there are no more', { timeout: 600_000 }, async (context) => {
    postgres.sql('create role filler login');
    const others = [];
    const used = () => Number(postgres.sql('select count(*) from pg_stat_activity'));
    // All but those that are kept for the administrator.
    for (let i = 0; i < 100; i += 1) {
      const child = spawn('psql', ['-h', postgres.dir, '-p', `${postgres.port}`, '-U', 'filler', '-qAt', '-d', 'postgres', '-c', 'select pg_sleep(600)'], { stdio: 'ignore' });
      others.push(child);
    }
    await until('no connection is left', () => others.some((child) => child.exitCode !== null), 20_000);
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, make));
    const bad = answers.filter((answer) => ![201, 503].includes(answer.status));
    assert.deepEqual(bad, []);
    for (const child of others) child.kill('SIGKILL');
    postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'filler'");
    await until('they are gone', () => used() < 60);
    await assertBack();
    context.diagnostic(`${others.length} strangers: ${answers.filter((answer) => answer.status === 201).length} of ${AT_ONCE} taken`);
  });

  it('has written what it acknowledged, once', () => {
    const there = postgres.query('select id from packages');
    assert.equal(new Set(there).size, there.length);
    assert.deepEqual(titles.filter((id) => !there.includes(id)), []);
    assert.deepEqual(postgres.query("select name, last_error from jobs where state = 'dead'"), []);
    for (const part of fleet.parts.values()) assert.doesNotMatch(part.text(), /panicked at/);
  });
});
