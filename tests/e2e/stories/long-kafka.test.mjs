// Three brokers, two workers: any one of them may die and nothing is lost (OPS-8).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../lib/api.mjs';
import { Fleet } from '../lib/fleet.mjs';
import { INSTALLED, Kafka } from '../lib/kafka.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { until } from '../lib/sofie.mjs';

const PACKAGES = 12;

describe('a cluster of Kafka', { skip: !INSTALLED && 'Kafka is not installed: scripts/install.sh test' }, () => {
  let kafka, postgres, fleet, alice;
  before(async () => {
    [postgres, kafka] = await Promise.all([Postgres.start(), Kafka.start({ count: 3 })]);
    fleet = await Fleet.prepare(postgres);
    fleet.env.SOFIE__KAFKA__BROKERS = kafka.brokers;
    await fleet.command('migrate');
    assert.match(await fleet.command('kafka', 'setup'), /^sofie-checks +made, on 3 brokers$/m);
    await fleet.up('web', 'worker-1', 'worker-2', 'scheduler');
    alice = new Api(fleet.url, { token: await fleet.addUser('alice@example.org') });
    await until('the workers have their shares', async () => (await kafka.progress('sofie-workers')).length > 0, 60_000, 500);
  });
  after(async () => {
    await fleet?.remove();
    await kafka?.remove();
    await postgres?.remove();
  });

  /** Sends packages, does something in the middle, and waits until all are delivered. */
  async function under(act) {
    const ids = [];
    for (let i = 0; i < PACKAGES; i += 1) {
      if (i === PACKAGES / 3) await act();
      const { id } = await alice.package({ type: 'private', title: 'Load', recipients: ['bob@example.net'] });
      await alice.put(id, 'note.txt', Buffer.from(`Note ${i}\n`));
      await alice.json('POST', `/packages/${id}/send`);
      ids.push(id);
      await sleep(200);
    }
    for (const id of ids) assert.equal((await alice.settled(id, 120_000)).state, 'delivered');
  }

  it('says so when messages lie on one broker only', async () => {
    const doctor = async (prefix) => (await fleet.run(['doctor', '--data-dir', fleet.data], { env: { SOFIE__KAFKA__TOPIC_PREFIX: prefix } })).stdout;
    assert.match(await doctor('sofie'), /^ok +Kafka +3 brokers answer$/m);
    for (const name of ['checks', 'checks-large', 'rescans', 'mail', 'maintenance', 'integrity']) await kafka.makeTopic(`thin-${name}`, 1);
    assert.match(await doctor('thin'), /^warn +Kafka +3 brokers answer, but some messages lie on 1 of them only\n +→ raise the replication/m);
  });

  for (const at of [0, 1, 2]) {
    it(`loses nothing with broker ${at + 1}`, async () => {
      const node = kafka.nodes[at];
      await under(() => node.kill9());
      await node.up();
      await until('the brokers are reached', async () => await fleet.metric('sofie_kafka_reachable') === 1, 60_000, 500);
    });
  }

  it('loses nothing with a worker', async () => {
    await under(() => fleet.part('worker-1').stop('SIGKILL'));
    await fleet.up('worker-1');
  });

  it('has left no dead job', () => {
    assert.deepEqual(postgres.query("SELECT name, last_error FROM jobs WHERE state = 'dead'"), []);
  });
});
