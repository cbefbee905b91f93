// Kafka tells processes of each other's jobs, and nothing depends on it: packages are delivered while it is away, hung,
// doubled, forged, or switched off, and each mail goes out once.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../lib/api.mjs';
import { Fleet } from '../lib/fleet.mjs';
import { INSTALLED, Kafka } from '../lib/kafka.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { freePort, Sofie, until } from '../lib/sofie.mjs';

const TOPICS = ['checks', 'checks-large', 'rescans', 'mail', 'maintenance', 'integrity'].map((name) => `sofie-${name}`);
const GROUP = 'sofie-workers';
/** Below the time after which a worker that is told of jobs looks by itself. */
const PROMPT = 10_000;

describe('Kafka', { skip: !INSTALLED && 'Kafka is not installed: scripts/install.sh test' }, () => {
  let kafka, postgres, fleet, alice;
  let sent = 0;
  const recipients = [];

  before(async () => {
    [postgres, kafka] = await Promise.all([Postgres.start({ safe: true }), Kafka.start()]);
    fleet = await Fleet.prepare(postgres);
    fleet.env.SOFIE__KAFKA__BROKERS = kafka.brokers;
  });
  after(async () => {
    await fleet?.remove();
    await kafka?.remove();
    await postgres?.remove();
  });

  /** Sends a package and returns its id; its checks may go on. */
  async function send() {
    sent += 1;
    const to = `r${sent}@example.net`;
    const { id } = await alice.package({ type: 'private', title: `Package ${sent}`, recipients: [to] });
    await alice.put(id, `note-${sent}.txt`, Buffer.from(`Note ${sent}\n`));
    await alice.json('POST', `/packages/${id}/send`);
    recipients.push(to);
    return id;
  }

  async function delivered(id, within = 60_000) {
    assert.equal((await alice.settled(id, within)).state, 'delivered');
  }

  /** Sends packages one after another; none may wait for a worker to look by itself. */
  async function prompt(count) {
    for (let i = 0; i < count; i += 1) await delivered(await send(), PROMPT);
  }

  const published = () => fleet.metric('sofie_kafka_announcements_total{outcome="published"}');
  const read = async () => (await kafka.progress(GROUP)).reduce((sum, row) => sum + row.read, 0);
  const reachable = () => fleet.metric('sofie_kafka_reachable');
  const told = (name, what) => until(`${name} tells: ${what}`, () => fleet.part(name).text().includes(what), 60_000, 200);
  /** Waits until a worker relies on Kafka: it was given its share, and has asked the broker since. */
  async function trusting() {
    await until('somebody reads every partition', async () => {
      const rows = await kafka.progress(GROUP);
      return rows.length > 0 && rows.every(({ reader }) => reader !== '-');
    }, 90_000, 500);
    await sleep(6_000);
  }
  const doctor = async () => (await fleet.run(['doctor', '--data-dir', fleet.data])).stdout.match(/^.*Kafka.*$/m)?.[0];

  it('says what is missing, and makes the topics once', async () => {
    await fleet.command('migrate');
    // The first command that opens the installation makes its folder and its key.
    await fleet.command('outbox', '--json');
    assert.match(await doctor(), /^warn .*no topics sofie-checks, /);
    const made = await fleet.command('kafka', 'setup');
    for (const topic of TOPICS) assert.match(made, new RegExp(`^${topic} +made, on 1 brokers$`, 'm'));
    assert.equal((await fleet.command('kafka', 'setup')).match(/is there already/g).length, TOPICS.length);
    assert.match(await doctor(), /^ok .*1 brokers answer/);
  });

  it('brings packages to the worker at once', async () => {
    const own = `127.0.0.1:${await freePort()}`;
    fleet.envOf = (role) => (role === 'worker' ? { SOFIE__METRICS__LISTEN: own } : {});
    await fleet.up('web', 'worker', 'scheduler');
    fleet.envOf = undefined;
    alice = new Api(fleet.url, { token: await fleet.addUser('alice@example.org') });
    await told('web', 'Kafka answers');
    await delivered(await send());
    await trusting();
    const before = await read();
    await prompt(5);
    // By whichever process was the first to announce them; how far the group has read is noted every few seconds.
    await until('their jobs were announced and read', async () => await read() >= before + 5);
    // Of its share the worker has read everything, and says so.
    const lags = async () => (await (await fetch(`http://${own}/metrics`)).text()).match(/^sofie_kafka_lag\{topic="[^"]+"\} \d+$/gm) ?? [];
    await until('the lag is told', async () => {
      const rows = await lags();
      return TOPICS.every((topic) => rows.includes(`sofie_kafka_lag{topic="${topic}"} 0`));
    });
  });

  it('drops what is none of ours, and does nothing twice', async () => {
    const forged = `\u0001${'0123456789abcdef'}checks${'t'.repeat(32)}`;
    const garbage = ['', '{}', 'x'.repeat(20_000), '\u0001', '\u0000'.repeat(55), 'žluťoučký kůň', forged, forged.repeat(3)];
    for (const topic of TOPICS) await kafka.produce(topic, [...garbage, ...garbage, ...garbage]);
    await prompt(2);
    await fleet.down('worker');
    await kafka.rewind(GROUP);
    const waiting = [await send(), await send()];
    await fleet.up('worker');
    for (const id of waiting) await delivered(id);
    await until('everything was read again', async () => (await kafka.progress(GROUP)).every(({ lag }) => lag === 0), 30_000, 500);
    await prompt(2);
  });

  it('goes on by the database while the broker is dead, and says so', async () => {
    const [broker] = kafka.nodes;
    const under = [];
    for (let i = 0; i < 12; i += 1) {
      if (i === 3) await broker.kill9();
      under.push(await send());
      await sleep(200);
    }
    for (const id of under) await delivered(id);
    for (const name of ['web', 'worker']) await told(name, 'Kafka does not answer');
    assert.equal(await reachable(), 0);
    assert.equal((await fetch(`${fleet.url}/readyz`)).status, 200);
    await prompt(3);
    const { code, stdout } = await fleet.run(['doctor', '--data-dir', fleet.data]);
    assert.match(stdout, /^warn +Kafka +jobs go on by the database/m);
    assert.equal(code, 0, stdout);
  });

  it('starts without the broker, and goes on with it when it is back', async () => {
    await fleet.down('worker');
    await fleet.up('worker');
    await prompt(1);
    const before = await published();
    await kafka.nodes[0].up();
    await until('the web side reaches the broker', async () => await reachable() === 1);
    await until('jobs are announced again', async () => {
      await delivered(await send());
      return await published() > before;
    });
    await prompt(3);
  });

  it('goes on while the broker hangs', async () => {
    const [broker] = kafka.nodes;
    await trusting();
    broker.signal('SIGSTOP');
    try {
      const under = [];
      for (let i = 0; i < 4; i += 1) under.push(await send());
      for (const id of under) await delivered(id);
      await prompt(2);
    } finally {
      broker.signal('SIGCONT');
    }
    await until('the web side reaches the broker', async () => await reachable() === 1);
  });

  it('survives a worker that dies with work in its hands', async () => {
    await fleet.up('worker-2');
    const under = [];
    for (let i = 0; i < 6; i += 1) under.push(await send());
    await fleet.part('worker').stop('SIGKILL');
    for (const id of under) await delivered(id, 90_000);
    await fleet.up('worker');
  });

  it('loses nothing when the configuration goes back to the database', async () => {
    await fleet.down('worker', 'worker-2');
    const waiting = [await send(), await send(), await send()];
    await fleet.down('web', 'scheduler');
    delete fleet.env.SOFIE__KAFKA__BROKERS;
    await fleet.up('web', 'worker', 'scheduler');
    for (const id of waiting) await delivered(id);
    await prompt(2);
    assert.equal(await doctor(), undefined);
  });

  it('has mailed each recipient once, and left no dead job', async () => {
    assert.deepEqual(postgres.query("SELECT name, last_error FROM jobs WHERE state = 'dead'"), []);
    const mails = (await fleet.outbox()).map(({ to }) => to).filter((to) => to.endsWith('@example.net'));
    assert.deepEqual(mails.sort(), recipients.sort());
    for (const part of fleet.parts.values()) assert.doesNotMatch(part.text(), /panicked at/);
    await fleet.down('web', 'worker', 'scheduler');
    console.log(`# ${sent} packages`);
  });
});

describe('Kafka behind TLS and a password', { skip: !INSTALLED && 'Kafka is not installed: scripts/install.sh test' }, () => {
  let kafka, sofie;
  const login = { user: 'sofie', password: 'tr0ub4dor' };
  before(async () => {
    kafka = await Kafka.start({ login });
    sofie = await Sofie.start();
    await sofie.stop();
  });
  after(async () => {
    await sofie?.remove();
    await kafka?.remove();
  });

  function secrets(password, ca = login.certificate.certificate) {
    const file = join(sofie.dir, 'kafka-password');
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    return {
      SOFIE__KAFKA__BROKERS: kafka.brokers, SOFIE__KAFKA__SECURITY: 'sasl_tls', SOFIE__KAFKA__USER: login.user,
      SOFIE__KAFKA__PASSWORD_FILE: file, ...(ca ? { SOFIE__KAFKA__CA_FILE: ca } : {}),
    };
  }

  const run = (command, env) => sofie.run([...command, '--data-dir', sofie.data], { env });

  it('lets in who trusts it and knows the password', async () => {
    const { code, stdout, stderr } = await run(['kafka', 'setup'], secrets(login.password));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^sofie-checks +made/m);
    assert.match((await run(['doctor'], secrets(login.password))).stdout, /^ok +Kafka +1 brokers answer/m);
  });

  it('says what is wrong with the password or the certificate', async () => {
    const refused = await run(['doctor'], secrets('guess'));
    assert.match(refused.stdout, /^warn +Kafka .*[Aa]uthentication failed/m);
    assert.doesNotMatch(refused.stdout, /guess/);
    assert.match((await run(['doctor'], secrets(login.password, null))).stdout, /^warn +Kafka .*certificate/m);
  });

  it('serves all in one process', async () => {
    sofie.env = secrets(login.password);
    await sofie.up();
    const alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    await until('Kafka answers', () => sofie.log().includes('Kafka answers'));
    const { id } = await alice.package({ type: 'private', title: 'All in one', recipients: ['bob@example.net'] });
    await alice.put(id, 'note.txt', Buffer.from('A note\n'));
    assert.equal((await alice.deliver(id)).state, 'delivered');
    assert.equal(await sofie.stop(), 0);
  });
});
