// What the benchmarks have in common: figures and where they are written.
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));

/** The value below which this part of a list lies. */
export function at(list, part) {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

export function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A figure with as many digits as mean something. */
export const short = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** Milliseconds that something takes. */
export async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

export const row = (cells) => `| ${cells.join(' | ')} |`;

/** A table in Markdown; the first row is the head. */
export const grid = ([head, ...rows]) => [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n');

/** Each target with its measure and whether that is met. */
export function targets(list) {
  const rows = list.map(([what, value, wanted, atLeast]) => [what, short(value), (atLeast ? value >= wanted : value <= wanted) ? 'yes' : 'no']);
  return grid([['target', 'measured', 'met'], ...rows]);
}

/** What is said of the machine above every table. Other work on it would be in the figures. */
const machine = () => `${cpus().length} × ${cpus()[0].model}; load before: ${loadBefore.toFixed(2)}`;
const [loadBefore] = loadavg();

/** Shows the results, and keeps them beside the script as Markdown and as JSON. */
export function publish(name, about, parts, raw) {
  const text = [`${machine()}; ${about}`, ...parts].join('\n\n');
  console.log(`\n${text}`);
  writeFileSync(join(here, `${name}.md`), `${text}\n`);
  writeFileSync(join(here, `${name}.json`), `${JSON.stringify(raw, null, 2)}\n`);
}

const TICKS = Number(execFileSync('getconf', ['CLK_TCK']));

/** CPU seconds of a process and of all that it started, those that have ended among them; of PostgreSQL apart. */
export function cpu(pid) {
  const found = new Map();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      found.set(Number(name), { parent: Number(fields[1]), ticks, database: stat.includes('(postgres)') });
    } catch {
      // gone meanwhile
    }
  }
  const sum = { own: 0, database: 0 };
  for (const [id, { ticks, database }] of found) {
    let above = id;
    while (above > 1 && above !== pid) above = found.get(above)?.parent ?? 0;
    if (above === pid) sum[database ? 'database' : 'own'] += ticks / TICKS;
  }
  return sum;
}

/** What one of the scripts for wrk finds: requests a second and the 99th percentile in milliseconds. */
export async function wrk(script, url, args, { connections = 16, seconds = 4, threads = 2 } = {}) {
  const words = ['-t', threads, '-c', connections, '-d', `${seconds}s`, '--timeout', '30s', '-s', join(here, script), url, '--', ...args].map(String);
  const { stdout } = await promisify(execFile)('wrk', words);
  const [, requests, micros, errors, p99] = stdout.match(/RESULT (\d+) (\d+) (\d+) ([\d.]+)/);
  return { rate: Number(requests) / (Number(micros) / 1e6), errors: Number(errors), p99: Number(p99) };
}
