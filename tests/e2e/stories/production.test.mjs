// The shape of a large installation on one machine: nginx with TLS, two web servers, two workers, two schedulers, each
// in its own role at a PostgreSQL server with TLS, three brokers and an object store. One of each is killed in turn while
// people send: nothing is lost, nothing is done twice, and what was done before can be fetched afterwards (OPS-8).
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, sha256 } from '../lib/api.mjs';
import { Fleet } from '../lib/fleet.mjs';
import { INSTALLED, Kafka } from '../lib/kafka.mjs';
import { Nginx } from '../lib/nginx.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { ObjectStore } from '../lib/s3.mjs';
import { noise } from '../lib/samples.mjs';
import { until } from '../lib/sofie.mjs';

const WEB = ['web', 'web-2'];
const WORKERS = ['worker', 'worker-2'];
const SCHEDULERS = ['scheduler', 'scheduler-2'];
/** How long it may take until packages are delivered again. */
const RECOVERED_WITHIN = 60_000;

describe('production', { skip: !INSTALLED && 'Kafka is not installed: scripts/install.sh test', timeout: 900_000 }, () => {
  let kafka, postgres, store, fleet, nginx, alice;
  const sent = new Map(); // id of a package -> digest of its file
  const recipients = [];
  const recovery = [];

  before(async () => {
    [postgres, kafka, store] = await Promise.all([Postgres.start({ safe: true }), Kafka.start({ count: 3 }), ObjectStore.start()]);
    postgres.sql(`create role owner_login login createrole password 'owner_login-secret'; create database files owner owner_login;`);
    fleet = await Fleet.prepare(postgres);
    Object.assign(fleet.env, store.env('sofie'), {
      SOFIE__KAFKA__BROKERS: kafka.brokers,
      SOFIE__DATABASE__URL: postgres.url('web_login', 'files'),
      SOFIE__DATABASE__OWNER_URL: postgres.url('owner_login', 'files'),
    });
    fleet.envOf = (role) => ({ SOFIE__DATABASE__URL: postgres.url(`${role}_login`, 'files'), SOFIE__DATABASE__OWNER_URL: undefined });
    await fleet.command('migrate', '--roles');
    for (const role of ['web', 'worker', 'scheduler']) postgres.sql(`create role ${role}_login login in role sofie_${role} password '${role}_login-secret';`);
    await fleet.command('kafka', 'setup');
    await fleet.up(...WEB, ...WORKERS, ...SCHEDULERS);
    const token = await fleet.addUser('alice@example.org');
    nginx = await Nginx.start(join(fleet.dir, 'nginx'), WEB.map((name) => fleet.portOf(name)));
    alice = new Api(nginx.url, { token, tls: { ca: nginx.ca } });
  });
  after(async () => {
    await nginx?.stop();
    await fleet?.remove();
    await kafka?.remove();
    await store?.stop();
    await postgres?.remove();
  });

  const rows = (sql) => postgres.sql(sql, { database: 'files' }).split('\n').filter(Boolean);

  /** Repeats a step that a dying part broke off, as a client would. */
  const insist = (what, step) => until(what, async () => {
    try {
      return await step();
    } catch (error) {
      // A refusal stands; everything else may be otherwise a moment later.
      if (/: 4(?!29)\d\d /.test(error.message)) throw error;
      return null;
    }
  }, RECOVERED_WITHIN, 200);

  /** Sends a package, however often it takes; returns its id. */
  async function send() {
    const to = `r${sent.size + 1}@example.net`;
    const data = noise(10_000 + sent.size);
    const { id } = await insist('a draft', () => alice.package({ type: 'private', title: 'Load', recipients: [to] }));
    await insist('an upload', async () => {
      const { files } = await alice.json('GET', `/packages/${id}`);
      if (files.some(({ complete }) => complete)) return true;
      for (const file of files) await alice.json('DELETE', `/packages/${id}/files/${file.id}`);
      await alice.put(id, 'data.bin', data);
      return true;
    });
    await insist('sending', async () => {
      const { state } = await alice.json('GET', `/packages/${id}`);
      if (state === 'draft' || state === 'uploading') await alice.json('POST', `/packages/${id}/send`);
      return true;
    });
    sent.set(id, sha256(data));
    recipients.push(to);
    return id;
  }

  async function delivered(id) {
    const { state } = await insist(`package ${id} is settled`, () => alice.settled(id, RECOVERED_WITHIN));
    assert.equal(state, 'delivered');
  }

  /** Kills something while packages are under way, and measures how long it takes until one goes all the way. */
  async function under(what, kill, revive) {
    const before = [await send(), await send()];
    await kill();
    const begun = Date.now();
    const first = await send();
    await delivered(first);
    recovery.push(`${what}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    for (const id of [...before, await send()]) await delivered(id);
    await revive();
    await delivered(await send());
  }

  it('delivers through all of it', async () => {
    for (let i = 0; i < 5; i += 1) await delivered(await send());
  });

  for (const name of [...WEB, ...WORKERS, ...SCHEDULERS]) {
    it(`goes on without ${name}`, () => under(name, () => fleet.part(name).stop('SIGKILL'), () => fleet.up(name)));
  }

  it('goes on without the leader of the schedulers', async () => {
    const leading = () => rows("SELECT holder FROM leases WHERE name = 'scheduler'")[0];
    const isHeldBy = (name) => leading().split('/')[1] === String(fleet.part(name).child.pid);
    // Those that were killed before hold the lease until it ends.
    const leader = await until('one that lives leads', () => SCHEDULERS.find(isHeldBy), 120_000, 500);
    const holder = leading();
    await under('leader', () => fleet.part(leader).stop('SIGKILL'), async () => {
      await until('another leads', () => leading() !== holder, 120_000, 500);
      await fleet.up(leader);
    });
  });

  for (const at of [0, 1, 2]) {
    it(`goes on without broker ${at + 1}`, () => under(`broker ${at + 1}`, () => kafka.nodes[at].kill9(), () => kafka.nodes[at].up()));
  }

  it('goes on after nginx', () => under('nginx', async () => {
    await nginx.stop('SIGTERM');
    await nginx.up();
  }, () => {}));

  it('goes on after PostgreSQL', () => under('PostgreSQL', async () => {
    await postgres.kill9();
    await sleep(1000);
    await postgres.up();
  }, () => {}));

  it('goes on after the object store', () => under('the object store', async () => {
    store.down = true;
    await sleep(3000);
    store.down = false;
  }, () => {}));

  it('has lost nothing and done nothing twice', async () => {
    for (const [id, digest] of sent) {
      const { state, files } = await alice.json('GET', `/packages/${id}`);
      assert.equal(state, 'delivered', id);
      const { status, body } = await alice.raw('GET', alice.content(id, files[0].id));
      assert.deepEqual([status, sha256(body)], [200, digest], id);
    }
    const mails = (await fleet.outbox()).filter(({ to }) => to.endsWith('@example.net')).map(({ to }) => to);
    assert.deepEqual(mails.sort(), [...recipients].sort());
    assert.deepEqual(rows("SELECT name, last_error FROM jobs WHERE state = 'dead'"), []);
    const doctor = await fleet.run(['doctor', '--data-dir', fleet.data]);
    assert.equal(doctor.code, 0, doctor.stdout);
    for (const part of fleet.parts.values()) assert.doesNotMatch(part.text(), /panicked at/);
    console.log(`# ${sent.size} packages; delivered again after the loss of ${recovery.join(', ')}`);
  });
});
