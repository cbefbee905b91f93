// One installation as several processes: web, worker and scheduler on a PostgreSQL server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, Sofie, freePort, until } from './sofie.mjs';

const { SIGTERM } = constants.signals;

class Process {
  constructor(role, dir) {
    this.role = role;
    this.logFile = join(dir, `${role}.log`);
    this.log = createWriteStream(this.logFile, { flags: 'a' });
  }

  start(args, options) {
    this.child = spawn(BINARY, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout.pipe(this.log, { end: false });
    this.child.stderr.pipe(this.log, { end: false });
  }

  get alive() {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  /** Whether it handles a signal yet: before that it would not end in an orderly way. */
  minds(signal) {
    const handled = readFileSync(`/proc/${this.child.pid}/status`, 'utf8').match(/^SigCgt:\s+(\S+)/m)?.[1] ?? '0';
    return (BigInt(`0x${handled}`) >> BigInt(signal - 1)) % 2n === 1n;
  }

  async stop(signal = 'SIGTERM') {
    if (!this.alive) return this.child?.exitCode;
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 60_000);
    const [code] = await once(this.child, 'exit');
    clearTimeout(timer);
    return code;
  }

  text() {
    return readFileSync(this.logFile, 'utf8');
  }
}

export class Fleet extends Sofie {
  parts = new Map();
  #ports = new Map();

  /** Lays an installation out on a database; nothing runs yet. */
  static async prepare(postgres) {
    const fleet = new Fleet(mkdtempSync(join(tmpdir(), 'sofie-e2e-')), await freePort());
    fleet.env = { SOFIE__DATABASE__KIND: 'server', SOFIE__DATABASE__URL: postgres.address, SOFIE__DATABASE__CONNECTIONS: '10' };
    return fleet;
  }

  /** The port of a web server: each has its own. */
  portOf(name) {
    return name === 'web' ? this.port : this.#ports.get(name);
  }

  part(name) {
    return this.parts.get(name);
  }

  /** Starts parts, each named by its role, such as `web` or `worker-2`, and waits for the web side. */
  async up(...names) {
    for (const name of names) {
      const role = name.replace(/-\d+$/, '');
      const part = this.parts.get(name) ?? new Process(name, this.dir);
      this.parts.set(name, part);
      if (role === 'web' && this.portOf(name) === undefined) this.#ports.set(name, await freePort());
      const listen = role === 'web' ? ['--listen', `127.0.0.1:${this.portOf(name)}`] : [];
      const env = { ...process.env, TMPDIR: this.tmp, NO_COLOR: '1', ...this.env, ...this.envOf?.(role) };
      part.start([role, '--data-dir', this.data, ...listen], { cwd: this.dir, env });
      if (role === 'web') await this.#ready(part);
      else await until(`${name} has begun`, () => part.minds(SIGTERM));
    }
  }

  async #ready(part) {
    await until(`${part.role} is ready`, async () => {
      if (!part.alive) throw new Error(`the ${part.role} ended:\n${part.text().slice(-4000)}`);
      const answer = await fetch(`http://127.0.0.1:${this.portOf(part.role)}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
      return answer?.ok;
    }, 60_000);
  }

  /** Stops parts in an orderly way, all of them when none is named; each must end well. */
  async down(...names) {
    for (const name of names.length > 0 ? names : [...this.parts.keys()]) {
      const code = await this.part(name).stop();
      if (code !== 0) throw new Error(`${name} ended with ${code}:\n${this.part(name).text().slice(-4000)}`);
    }
  }

  async run(args, options = {}) {
    return await super.run(args, { ...options, env: { ...this.env, ...options.env } });
  }

  /** A figure of the web side's metrics; 0 when it has not been counted yet. */
  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((row) => row.startsWith(`${name} `));
    return line ? Number(line.split(' ').at(-1)) : 0;
  }

  async remove() {
    for (const part of this.parts.values()) {
      await part.stop('SIGKILL');
      part.log.end();
    }
    await super.remove();
  }
}
