// Kills a debug build at a named point: the process looks into a file at each point, and renames it before it dies.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { BINARY, until } from './sofie.mjs';

/** Whether the binary has such points: a release build has none. */
export function hasPoints() {
  try {
    execFileSync('grep', ['--quiet', '--binary-files=text', '--fixed-strings', 'SOFIE_KILL_FILE', BINARY]);
    return true;
  } catch {
    return false;
  }
}

export class KillFile {
  constructor(path) {
    this.path = path;
  }

  get env() {
    return { SOFIE_KILL_FILE: this.path };
  }

  /** Asks whoever comes to the point first to die there. */
  arm(point) {
    rmSync(`${this.path}.hit`, { force: true });
    writeFileSync(this.path, `${point}\n`);
  }

  /** Waits until somebody died there, whose marker proves it. */
  async hit(point, isDead) {
    const marker = `${this.path}.hit`;
    try {
      await until(`${point} is reached`, () => existsSync(marker) && isDead(), 40_000, 20);
    } finally {
      rmSync(this.path, { force: true });
    }
    const named = readFileSync(marker, 'utf8').trim();
    if (named !== point) throw new Error(`${named} was hit, not ${point}`);
  }
}

/** A small generator (mulberry32), so that a run can be repeated. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
