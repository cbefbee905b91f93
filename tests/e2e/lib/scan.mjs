// Looks for bytes that must not be anywhere.
import { execFileSync } from 'node:child_process';
import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './sofie.mjs';

const CHUNK = 4 << 20;

/** The forms in which a text could have been written down. */
export function forms(text) {
  const plain = Buffer.from(text);
  const shifted = [0, 1, 2].map((n) => {
    // Inside a longer text base64 begins at any of three phases; the ends depend on the neighbours.
    const encoded = Buffer.concat([Buffer.alloc(n), plain]).toString('base64');
    return Buffer.from(encoded.slice(n === 0 ? 0 : 4, -4));
  });
  return [plain, Buffer.from(text, 'utf16le'), Buffer.from(plain.toString('hex')), ...shifted];
}

function* files(path) {
  let stat;
  try {
    stat = lstatSync(path);
  } catch {
    return; // gone meanwhile
  }
  if (stat.isDirectory()) {
    let names = [];
    try {
      names = readdirSync(path);
    } catch {
      // gone meanwhile
    }
    for (const name of names) yield* files(join(path, name));
  } else if (stat.isFile()) {
    yield path;
  }
}

function fileHas(path, needles) {
  const longest = Math.max(...needles.map((needle) => needle.length));
  const buffer = Buffer.alloc(CHUNK + longest);
  let file;
  try {
    file = openSync(path);
  } catch {
    return false;
  }
  try {
    let kept = 0;
    for (;;) {
      const read = readSync(file, buffer, kept, CHUNK, null);
      if (read === 0) return false;
      const seen = buffer.subarray(0, kept + read);
      if (needles.some((needle) => seen.includes(needle))) return true;
      kept = Math.min(longest - 1, seen.length);
      buffer.copy(buffer, 0, seen.length - kept, seen.length);
    }
  } finally {
    closeSync(file);
  }
}

/** Returns the files below the paths that hold one of the needles. */
export function find(paths, needles) {
  return paths.flatMap((path) => [...files(path)].filter((file) => fileHas(file, needles)));
}

/** A dump of the private database, taken through its socket. */
export function dump(data) {
  const args = ['-h', join(data, 'postgres'), '-p', '5432', '-U', 'postgres'];
  return execFileSync('pg_dumpall', args, { maxBuffer: 1 << 30 });
}

/** Asks the private database something; returns lines of unaligned text. */
export function query(data, sql) {
  const args = ['-h', join(data, 'postgres'), '-p', '5432', '-U', 'postgres', '-d', 'sofie', '-At', '-c', sql];
  return execFileSync('psql', args).toString().split('\n').filter(Boolean);
}

/** Lets a task of the schedule run now, as if its time had come, and waits until it is done. */
export async function runTask(data, task) {
  const since = query(data, 'SELECT now()')[0];
  query(data, `DELETE FROM schedule_ticks WHERE task = '${task}'`);
  const done = `SELECT 1 FROM jobs WHERE name = 'maintain' AND payload ->> 'task' = '${task}' AND state = 'done' AND finished_at > '${since}' AND created_at > '${since}'`;
  await until(`${task} is done`, () => query(data, done).length > 0, 60_000, 300);
}
