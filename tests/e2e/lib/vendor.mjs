// Somebody who gives licences: a folder with the key that signs them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PASSWORD } from './sofie.mjs';

/** A day so many days from now, as the command line takes it. */
export const day = (offset) => new Date(Date.now() + offset * 24 * 3600 * 1000).toISOString().slice(0, 10);

export class Vendor {
  #sofie;

  /** Makes a key with the program of an installation, which needs none itself for that. */
  static async of(sofie) {
    const vendor = new Vendor();
    vendor.#sofie = sofie;
    vendor.dir = mkdtempSync(join(tmpdir(), 'sofie-vendor-'));
    vendor.key = join(vendor.dir, 'licence.key');
    vendor.publicKey = await vendor.#run(['keygen', '--to', vendor.key, '--password-file', '-']);
    return vendor;
  }

  /** What tells a process of the key. */
  get env() {
    return { SOFIE__LICENCE__PUBLIC_KEYS: `["${this.publicKey.trim()}"]` };
  }

  async #run(args) {
    const done = await this.#sofie.run(['licence', ...args], { input: `${PASSWORD}\n` });
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
  }

  issue(...args) {
    return this.#run(['issue', '--key', this.key, '--password-file', '-', '--holder', 'Example s.r.o.', ...args]);
  }

  remove() {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
