// Real Apache Kafka in KRaft mode: one node or several, each broker and controller at once.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, until } from './sofie.mjs';

const LIBS = join(dirname(fileURLToPath(import.meta.url)), '../../../.tools/kafka');
export const INSTALLED = existsSync(LIBS);
const CLASSES = join(LIBS, '*');
const execute = promisify(execFile);
const CLUSTER = 'c29maWUtc3Rvcmllcy0wMA';

/** Runs one of Kafka's own tools to its end and returns what it printed. */
async function tool(name, args, input = '') {
  const running = execute('java', ['-Xmx128m', '-cp', CLASSES, name, ...args], { timeout: 60_000 });
  running.child.stdin.end(input);
  return (await running).stdout;
}

/** Makes a certificate of 127.0.0.1 that vouches for itself. */
function certify(dir) {
  const [certificate, key, both] = ['ca.pem', 'key.pem', 'both.pem'].map((name) => join(dir, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'), { mode: 0o600 });
  return { certificate, both };
}

class Node {
  #process = null;

  constructor(dir, id, [port, internal, controller]) {
    Object.assign(this, { dir, id, port, internal, controller, file: join(dir, `${id}.properties`), logFile: join(dir, `${id}.log`) });
  }

  async configure(nodes, login) {
    const copies = Math.min(3, nodes.length);
    writeFileSync(this.file, Object.entries({
      'process.roles': 'broker,controller',
      'node.id': this.id,
      listeners: `CLIENTS://127.0.0.1:${this.port},BROKERS://127.0.0.1:${this.internal},CONTROLLER://127.0.0.1:${this.controller}`,
      'advertised.listeners': `CLIENTS://127.0.0.1:${this.port},BROKERS://127.0.0.1:${this.internal}`,
      'inter.broker.listener.name': 'BROKERS',
      'controller.listener.names': 'CONTROLLER',
      'controller.quorum.voters': nodes.map((node) => `${node.id}@127.0.0.1:${node.controller}`).join(','),
      'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,BROKERS:PLAINTEXT,CLIENTS:${login ? 'SASL_SSL' : 'PLAINTEXT'}`,
      'log.dirs': join(this.dir, `data-${this.id}`),
      'offsets.topic.num.partitions': 3,
      'offsets.topic.replication.factor': copies,
      'transaction.state.log.replication.factor': copies,
      'transaction.state.log.min.isr': 1,
      'share.coordinator.state.topic.replication.factor': copies,
      'share.coordinator.state.topic.min.isr': 1,
      'group.initial.rebalance.delay.ms': 0,
      'auto.create.topics.enable': false,
      ...(login ? this.#secured(login) : {}),
    }).map(([key, value]) => `${key}=${value}\n`).join(''));
    const users = login ? ['--add-scram', `SCRAM-SHA-512=[name=${login.user},password=${login.password}]`] : [];
    await tool('kafka.tools.StorageTool', ['format', '-t', CLUSTER, '-c', this.file, ...users]);
  }

  /** TLS with a certificate of our own making, and a user who must prove a password. */
  #secured({ certificate }) {
    const listener = 'listener.name.clients';
    return {
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      [`${listener}.scram-sha-512.sasl.jaas.config`]: 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      [`${listener}.ssl.keystore.type`]: 'PEM',
      [`${listener}.ssl.keystore.location`]: certificate.both,
    };
  }

  spawn() {
    const log = openSync(this.logFile, 'w');
    this.#process = spawn('java', ['-Xmx320m', '-cp', CLASSES, 'kafka.Kafka', this.file], { stdio: ['ignore', log, log] });
  }

  async ready() {
    await until(`broker ${this.id} has started`, () => {
      if (this.#process.exitCode !== null) throw new Error(`broker ${this.id} ended:\n${readFileSync(this.logFile, 'utf8').slice(-3000)}`);
      return readFileSync(this.logFile, 'utf8').includes('Kafka Server started');
    }, 120_000, 200);
  }

  async up() {
    this.spawn();
    await this.ready();
  }

  signal(name) {
    this.#process.kill(name);
  }

  async kill9() {
    if (this.#process === null || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}

export class Kafka {
  /** Starts `count` nodes as one cluster and waits for them. With a `login` clients need TLS, a user and a password. */
  static async start({ count = 1, login } = {}) {
    const kafka = new Kafka();
    kafka.dir = mkdtempSync(join(tmpdir(), 'sofie-e2e-kafka-'));
    kafka.nodes = [];
    if (login) login.certificate = certify(kafka.dir);
    for (let id = 1; id <= count; id += 1) {
      kafka.nodes.push(new Node(kafka.dir, id, [await freePort(), await freePort(), await freePort()]));
    }
    for (const node of kafka.nodes) await node.configure(kafka.nodes, login);
    for (const node of kafka.nodes) node.spawn();
    for (const node of kafka.nodes) await node.ready();
    return kafka;
  }

  get brokers() {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  /** Writes each line as a message without a key. */
  async produce(topic, lines) {
    await tool('org.apache.kafka.tools.ConsoleProducer', ['--bootstrap-server', this.brokers, '--topic', topic], `${lines.join('\n')}\n`);
  }

  /** Makes a topic with so many copies of each message. */
  async makeTopic(topic, copies) {
    const asked = ['--create', '--topic', topic, '--partitions', '2', '--replication-factor', `${copies}`];
    await tool('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', this.brokers, ...asked]);
  }

  /** Has a group hear everything once more; nobody of it may be there. */
  async rewind(group) {
    await this.#groups(['--group', group, '--reset-offsets', '--to-earliest', '--all-topics', '--execute']);
  }

  /** How far a group has read each partition, how much is left, and who reads it, `-` being nobody: [{ topic, read, lag, reader }]. */
  async progress(group) {
    const said = await this.#groups(['--group', group, '--describe']);
    const rows = said.split('\n').map((line) => line.trim().split(/\s+/));
    const at = rows.find((row) => row.includes('TOPIC'));
    const number = (text) => Number(text) || 0;
    return rows.filter((row) => row[0] === group).map((row) => ({
      topic: row[at.indexOf('TOPIC')], read: number(row[at.indexOf('CURRENT-OFFSET')]), lag: number(row[at.indexOf('LAG')]),
      reader: row[at.indexOf('CONSUMER-ID')] ?? '-',
    }));
  }

  async #groups(args) {
    return await tool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', ['--bootstrap-server', this.brokers, ...args]);
  }

  async remove() {
    for (const node of this.nodes) await node.kill9();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
