// A PostgreSQL server for a story: TLS with a certificate authority of its own, passwords, a port of its own.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, until } from './sofie.mjs';

const PROGRAMS = '/usr/lib/postgresql';

function newestPrograms() {
  const versions = readdirSync(PROGRAMS).filter((name) => existsSync(join(PROGRAMS, name, 'bin/initdb')));
  return join(PROGRAMS, versions.sort((a, b) => Number(b) - Number(a))[0], 'bin');
}

/** PostgreSQL refuses to run as root; somebody else runs it then. */
function account() {
  if (process.getuid() !== 0) return {};
  const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8').match(/^postgres:.*$/m)[0].split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

export class Postgres {
  #bin = newestPrograms();
  #as = account();
  #process = null;

  /** `safe`: as a server must be set; else it is in no hurry to write anything down, which is faster. */
  static async start({ safe = false } = {}) {
    const postgres = new Postgres();
    postgres.safe = safe;
    // Short: the path of a socket has at most 107 bytes.
    postgres.dir = mkdtempSync('/tmp/sofie-pg-');
    postgres.port = await freePort();
    if (postgres.#as.uid !== undefined) chownSync(postgres.dir, postgres.#as.uid, postgres.#as.gid);
    chmodSync(postgres.dir, 0o755);
    postgres.#initialise();
    await postgres.up();
    return postgres;
  }

  get ca() {
    return join(this.dir, 'ca.pem');
  }

  #run(program, args, options = {}) {
    return execFileSync(program, args, { cwd: this.dir, ...this.#as, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', ...options });
  }

  #initialise() {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
    this.#run('openssl', ['req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Story CA']);
    this.#run('openssl', ['req', '-x509', ...key, '-keyout', 'stranger.key', '-out', 'stranger.pem', '-subj', '/CN=Another CA']);
    this.#run('openssl', ['req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1']);
    writeFileSync(join(this.dir, 'names'), 'subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n');
    this.#run('openssl', ['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
      '-days', '2', '-extfile', 'names', '-out', 'server.pem']);
    this.#run(join(this.#bin, 'initdb'), ['--pgdata', 'data', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C', '--username=postgres']);
    // From the machine itself the administrator comes in; over TCP nobody without TLS and a password.
    writeFileSync(join(this.dir, 'data/pg_hba.conf'), 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n');
  }

  async up() {
    const options = ['-c', 'listen_addresses=127.0.0.1', '-c', `port=${this.port}`, ...(this.safe ? [] : ['-c', 'fsync=off']), '-c', 'ssl=on',
      '-c', `ssl_cert_file=${this.dir}/server.pem`, '-c', `ssl_key_file=${this.dir}/server.key`];
    this.#process = spawn(join(this.#bin, 'postgres'), ['-D', join(this.dir, 'data'), '-k', this.dir, ...options],
      { cwd: this.dir, ...this.#as, stdio: 'ignore' });
    await until('PostgreSQL answers', () => {
      try {
        return this.sql('select 1') === '1';
      } catch {
        return false;
      }
    });
  }

  /** Ends it as a power cut would. */
  async kill9() {
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  /** Stops it; what is connected is cut off. */
  async down() {
    if (this.#process?.exitCode !== null) return;
    this.#process.kill('SIGINT');
    await once(this.#process, 'exit');
  }

  async remove() {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Runs statements, each by itself, as somebody, who needs no password here; returns what they print. Throws what the server says. */
  sql(statements, { as = 'postgres', database = 'postgres' } = {}) {
    const args = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', '--host', this.dir,
      '--port', String(this.port), '--username', as, '--dbname', database];
    return this.#run(join(this.#bin, 'psql'), args, { input: statements, stdio: ['pipe', 'pipe', 'pipe'] }).trim();
  }

  /** The address for somebody who may do everything, without a password: the socket. */
  get address() {
    return `postgres://postgres@localhost:${this.port}/postgres?host=${encodeURIComponent(this.dir)}`;
  }

  /** The lines that a question finds. */
  query(sql) {
    return this.sql(sql).split('\n').filter(Boolean);
  }

  /** The address of a database for a role, over TCP with TLS. */
  url(role, database, { ca = this.ca, mode = 'verify-full' } = {}) {
    return `postgres://${role}:${role}-secret@127.0.0.1:${this.port}/${database}?sslmode=${mode}&sslrootcert=${ca}`;
  }
}
