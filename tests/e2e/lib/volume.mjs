// A file system of its own for a story: it can be cut off as by a power failure. Needs root and loop devices.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './sofie.mjs';

/** Shuts an ext4 down without writing its journal (EXT4_IOC_SHUTDOWN, NOLOGFLUSH), as tests of file systems cut power. */
const CUT = 'import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack("I", 2))';

const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });

/** Why there can be none here; null if there can. */
export function whyNot() {
  if (process.getuid() !== 0) return 'needs root';
  try {
    const volume = new Volume(32);
    volume.cut();
    volume.remove();
    return null;
  } catch (error) {
    return `no loop-mounted ext4 can be cut off here: ${`${error.stderr ?? error.message}`.trim().split('\n')[0]}`;
  }
}

export class Volume {
  /** Makes an ext4 of so many MiB and mounts it. */
  constructor(mebibytes) {
    this.dir = mkdtempSync(join(tmpdir(), 'sofie-volume-'));
    this.image = join(this.dir, 'image');
    this.path = join(this.dir, 'mounted');
    mkdirSync(this.path);
    writeFileSync(this.image, '');
    truncateSync(this.image, mebibytes * 2 ** 20);
    run('mkfs.ext4', '-q', this.image);
    this.mount();
  }

  mount() {
    run('mount', '-o', 'loop', this.image, this.path);
  }

  /** From now on nothing more gets to the disk, and what had not got there is lost. */
  cut() {
    run('python3', '-c', CUT, this.path);
  }

  /** Kills whoever still has files there open, and mounts again: the journal is read, as after a power failure. */
  async restart() {
    await until('the volume is let go of', () => {
      for (const pid of this.#users()) process.kill(pid, 'SIGKILL');
      try {
        run('umount', this.path);
        return true;
      } catch {
        return false;
      }
    }, 20_000, 50);
    this.mount();
  }

  #users() {
    const inside = (link) => {
      try {
        return readlinkSync(link).startsWith(this.path);
      } catch {
        return false;
      }
    };
    const links = (pid) => {
      try {
        return [`/proc/${pid}/cwd`, ...readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    };
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
    return pids.filter((pid) => links(pid).some(inside)).map(Number);
  }

  remove() {
    try {
      run('umount', this.path);
    } catch {
      run('umount', '-l', this.path);
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}
