// One installation of SOFiE on a data directory of its own, run by the real binary.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const BINARY = process.env.SOFIE_BIN;
export const PASSWORD = 'correct horse battery staple 7';
const READY_WITHIN = 60_000;

const given = new Set();

/**
 * A port that is free now, and that this story was not given before: who was may not listen on it yet. By chance from
 * below those that the kernel gives to outgoing connections, so that neither these nor another story take it meanwhile.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    if (given.has(port)) continue;
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(() => true, () => false);
    if (!free) continue;
    server.close();
    await once(server, 'close');
    given.add(port);
    return port;
  }
}

/** How many times longer than on a machine of one's own things may take on one that others use too. */
const PATIENCE = 3;

/** Waits until `look` returns something, and fails with `what` when it takes far longer than `within` milliseconds. */
export async function until(what, look, within = 30_000, pause = 50) {
  const end = Date.now() + PATIENCE * within;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`timed out: ${what}`);
    await sleep(pause);
  }
}

export class Sofie {
  #process = null;
  #log;

  constructor(dir, port) {
    this.dir = dir;
    this.data = join(dir, 'data');
    this.tmp = join(dir, 'tmp');
    this.logFile = join(dir, 'server.log');
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    mkdirSync(this.tmp, { mode: 0o1777 });
    mkdirSync(join(dir, 'work'));
    this.#log = createWriteStream(this.logFile, { flags: 'a' });
  }

  /** Makes a fresh installation and waits until it is ready. `env` reaches the server. */
  static async start(env = {}) {
    const dir = mkdtempSync(join(tmpdir(), 'sofie-e2e-'));
    const sofie = new Sofie(dir, await freePort());
    sofie.env = env;
    await sofie.up();
    return sofie;
  }

  get pid() {
    return this.#process?.pid;
  }

  get alive() {
    return this.#process !== null && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  log() {
    return readFileSync(this.logFile, 'utf8');
  }

  /** The one-time link of the set-up wizard, as it was printed. */
  setupLink() {
    return this.log().match(/https?:\/\/\S+\/setup#\S+/)?.[0];
  }

  /** Starts the server, or starts it again, on the same port. */
  async up(within = READY_WITHIN) {
    const args = ['serve', '--data-dir', this.data, '--listen', `127.0.0.1:${this.port}`];
    const env = { ...process.env, TMPDIR: this.tmp, NO_COLOR: '1', ...this.env };
    const child = spawn(BINARY, args, { cwd: this.dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(this.#log, { end: false });
    child.stderr.pipe(this.#log, { end: false });
    this.#process = child;
    await until(`${this.url} is ready`, async () => {
      if (!this.alive) throw new Error(`the server ended:\n${this.log().slice(-4000)}`);
      const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
      return answer?.ok;
    }, within);
  }

  /** Ends the server as a power cut would, as far as the process is concerned. */
  async kill9() {
    const child = this.#process;
    if (!this.alive) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Stops the server as systemd does; returns its exit code. */
  async stop() {
    const child = this.#process;
    if (!this.alive) return child?.exitCode;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const [code] = await once(child, 'exit');
    clearTimeout(timer);
    return code;
  }

  async remove() {
    await this.stop();
    this.#log.end();
    if (process.env.SOFIE_KEEP) console.log(`# kept: ${this.dir}`);
    else rmSync(this.dir, { recursive: true, force: true });
  }

  /** Runs a command of the binary. Returns { code, stdout, stderr } and never throws for an exit code. */
  async run(args, { env = {}, within = 120_000, input, cwd } = {}) {
    const state = { XDG_STATE_HOME: join(this.dir, 'state'), HOME: this.dir };
    const child = spawn(BINARY, args, {
      cwd: cwd ?? join(this.dir, 'work'),
      env: { ...process.env, ...state, NO_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A command that ends at once never reads its input.
    child.stdin.on('error', () => undefined).end(input ?? '');
    const out = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (out.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (out.stderr += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), within);
    const [code, signal] = await once(child, 'close');
    clearTimeout(timer);
    return { code: code ?? `killed by ${signal}`, ...out };
  }

  /** Runs a server-side command that must succeed; returns what it printed. */
  async command(...args) {
    const { code, stdout, stderr } = await this.run([...args, '--data-dir', this.data]);
    if (code !== 0) throw new Error(`sofie ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout.trim();
  }

  #passwordFile() {
    const file = join(this.dir, 'password');
    writeFileSync(file, `${PASSWORD}\n`, { mode: 0o600 });
    return file;
  }

  async addAdministrator(email) {
    await this.command('admin', 'add', '--email', email, '--password-file', this.#passwordFile());
  }

  /** Makes a user and returns an API token of theirs. */
  async addUser(email) {
    await this.command('user', 'add', '--email', email, '--password-file', this.#passwordFile());
    return await this.command('token', 'create', '--user', email);
  }

  async outbox() {
    return JSON.parse(await this.command('outbox', '--json'));
  }

  /** Waits for a mail to an address whose text matches. */
  async mail(to, pattern, after = 0) {
    return await until(`a mail to ${to} with ${pattern}`, async () => {
      const mails = (await this.outbox()).filter((mail) => mail.to === to && pattern.test(mail.text));
      return mails.length > after ? mails.sort((a, b) => a.created_at.localeCompare(b.created_at)).at(-1) : null;
    }, 30_000, 300);
  }

  /** Waits for the mail with the link of a package and returns the link. */
  async link(to, after = 0) {
    const mail = await this.mail(to, LINK, after);
    return mail.text.match(LINK)[0];
  }

  /** Waits for the newest mailed code. */
  async code(to, after = 0) {
    const mail = await this.mail(to, CODE, after);
    return mail.text.match(CODE)[0];
  }
}

export const LINK = /https?:\/\/\S+\/p#[A-Za-z0-9_.~-]+/;
export const CODE = /\b\d{4}[ \u00a0-]\d{4}\b/;
