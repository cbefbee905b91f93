// A PostgreSQL server that somebody else runs, as far as SOFiE is concerned.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './sofie.mjs';

const VERSIONS = '/usr/lib/postgresql';

/** The account that runs it: PostgreSQL refuses root. */
function account() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres']));
  return { uid: id('-u'), gid: id('-g') };
}

export class Postgres {
  #process;

  static async start() {
    const postgres = new Postgres();
    const newest = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0];
    const bin = join(VERSIONS, newest, 'bin');
    postgres.dir = mkdtempSync(join(tmpdir(), 'sofie-e2e-pg-'));
    postgres.port = await freePort();
    const who = account();
    if (who.uid !== undefined) chownSync(postgres.dir, who.uid, who.gid);
    const options = { ...who, cwd: postgres.dir, stdio: 'ignore' };
    const data = join(postgres.dir, 'data');
    execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'sofie', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], options);
    const where = ['-D', data, '-p', String(postgres.port), '-k', postgres.dir, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
    postgres.#process = spawn(join(bin, 'postgres'), where, options);
    postgres.url = `postgres://sofie@127.0.0.1:${postgres.port}/postgres`;
    await until('PostgreSQL answers', () => {
      try {
        return postgres.query('SELECT 1').length === 1;
      } catch {
        return false;
      }
    });
    return postgres;
  }

  query(sql) {
    const stdio = ['ignore', 'pipe', 'ignore'];
    return execFileSync('psql', [this.url, '-XAtc', sql], { stdio }).toString().split('\n').filter(Boolean);
  }

  async remove() {
    this.#process?.kill('SIGINT');
    if (this.#process?.exitCode === null) await once(this.#process, 'exit');
    rmSync(this.dir, { recursive: true, force: true });
  }
}
