// Runs the comparison; see run.sh. Rounds are interleaved: each peer once, then all again, so that a change of the machine
// in the meantime meets everybody. Medians and the whole spread are shown; only the ratios travel to another machine.
//
// Against the traps of such measurements: the page cache is warmed by a larger file that is written and removed before each
// upload; small files come first and none is deleted before the end, and a run waits until the files of the one before are
// forgotten (ext4 makes files slowly for minutes after a mass deletion); nginx runs as it comes and tuned; nobody writes a
// line per request; the source lies in memory; client and server share the same cores for all.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpu, median } from './figures.mjs';
import { nginx, run, rustus, sofie, tusNode } from './peers.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const ROUNDS = Number(process.argv[2] ?? 5);
const GIB = 2 ** 30;
/** The large file; a smaller one only proves that the script works. */
const SIZE = Number(process.env.BENCH_MIB ?? 1024) * 2 ** 20;
/** How long small files and ranges are asked for, each time. */
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const FORGOTTEN = 6 * 60_000;
const STAMP = join(tmpdir(), 'sofie-bench-removed');

async function timed(peer, work) {
  const before = cpu(peer.pid);
  const start = process.hrtime.bigint();
  await work();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const after = cpu(peer.pid);
  return { seconds, cpu: after.own - before.own, database: after.database - before.database };
}

/** Rate of requests, and what one cost its server and the database in microseconds of CPU. */
async function loaded(peer, script, job) {
  let found;
  const spent = await timed(peer, async () => {
    found = await wrk(script, job, 16);
  });
  return { ...found, micros: (spent.cpu * 1e6) / found.requests, database: (spent.database * 1e6) / found.requests };
}

async function wrk(script, { url, args }, connections) {
  const { stdout } = await run('wrk', ['-t', '2', '-c', connections, '-d', `${SECONDS}s`, '-s', join(here, script), url, '--', ...args.map(String)]);
  const [, requests, micros, errors, p99] = stdout.match(/RESULT (\d+) (\d+) (\d+) ([\d.]+)/);
  return { rate: Number(requests) / (Number(micros) / 1e6), errors: Number(errors), requests: Number(requests), p99: Number(p99) };
}

/** How many CPU seconds OpenSSL needs to encrypt one GiB. */
function opensslCost() {
  const out = execFileSync('openssl', ['speed', '-evp', 'aes-256-gcm', '-bytes', '65536', '-seconds', '2', '-mr'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  return GIB / Number(out.match(/^\+F:\d+:[^:]+:([\d.]+)/m)[1]);
}

const passed = existsSync(STAMP) ? Date.now() - statSync(STAMP).mtimeMs : FORGOTTEN;
if (passed < FORGOTTEN && process.env.BENCH_HURRY) {
  console.log('note: the last run removed its files less than 6 minutes ago; small files may be slower than they are');
} else if (passed < FORGOTTEN) {
  console.log(`waiting ${Math.ceil((FORGOTTEN - passed) / 1000)} s: the last run has just removed its files (BENCH_HURRY=1 does not wait)`);
  await sleep(FORGOTTEN - passed);
}
const dir = mkdtempSync(join(tmpdir(), 'sofie-bench-'));
const source = join('/dev/shm', `sofie-bench-${process.pid}`);
const place = (name) => {
  const path = join(dir, name);
  mkdirSync(path);
  return path;
};
const peers = [];
const results = [];
const add = (test, peer, round, values) => results.push({ test, peer: peer.name, round, ...values });

try {
  // Not compressible, not zeros: the same for everybody.
  execFileSync('openssl', ['rand', '-out', source, String(SIZE)]);
  for (const start of [() => nginx(place('nginx'), false), () => nginx(place('nginx-tuned'), true), () => tusNode(place('tus-node')), () => rustus(place('rustus')), sofie]) {
    const peer = await start();
    if (peer) peers.push(peer);
  }
  if (!peers.some(({ name }) => name === 'rustus')) console.log('note: rustus is not here and not compared');

  for (let round = 0; round < ROUNDS; round += 1) {
    for (const peer of peers) {
      const job = await peer.small(`r${round}`);
      const { rate, errors, p99, micros, database } = await loaded(peer, 'small.lua', job);
      if (errors > 0) console.log(`note: ${peer.name} answered ${errors} small uploads with an error`);
      add('P-4', peer, round, { rate, p99, micros, database });
    }
    console.log(`small files: round ${round + 1} of ${ROUNDS}`);
  }

  for (let round = 0; round < ROUNDS; round += 1) {
    for (const peer of peers) {
      const warm = join(dir, 'warm');
      execFileSync('dd', ['if=/dev/zero', `of=${warm}`, 'bs=1M', `count=${Math.ceil((SIZE * 1.25) / 2 ** 20)}`, 'status=none']);
      rmSync(warm);
      const id = await peer.prepare?.();
      add('P-1', peer, round, await timed(peer, () => peer.up(source, `up${round}`, SIZE, id)));
      if (round > 0) await peer.drop(`up${round}`);
      else await peer.deliver?.('up0');
    }
    console.log(`large file up: round ${round + 1} of ${ROUNDS}`);
  }

  for (let round = 0; round < ROUNDS; round += 1) {
    for (const peer of peers) {
      if (peer.crashed) continue;
      const { url, token } = peer.get('up0');
      const args = ['-sS', '-f', '-o', '/dev/null', ...(token ? ['-H', `Authorization: Bearer ${token}`] : []), url];
      try {
        if (round === 0) await run('curl', args);
        add('P-2', peer, round, await timed(peer, () => run('curl', args)));
      } catch {
        peer.crashed = true;
        console.log(`note: ${peer.name} did not survive the downloads`);
      }
    }
    console.log(`large file down: round ${round + 1} of ${ROUNDS}`);
  }

  for (let round = 0; round < ROUNDS; round += 1) {
    for (const peer of peers) {
      const { url, token } = peer.get('up0');
      if (peer.crashed) continue;
      let found;
      try {
        found = await loaded(peer, 'ranges.lua', { url, args: [SIZE, token ?? '-'] });
      } catch {
        peer.crashed = true;
        console.log(`note: ${peer.name} did not survive the ranges`);
        continue;
      }
      const { rate, errors, requests, p99, micros, database } = found;
      if (errors * 10 > requests) console.log(`note: ${peer.name} answered ${errors} of ${requests} ranges with an error`);
      add('P-5', peer, round, { rate, p99, micros, database });
    }
    console.log(`ranges: round ${round + 1} of ${ROUNDS}`);
  }
} finally {
  for (const peer of peers) await peer.stop();
  rmSync(source, { force: true });
  rmSync(dir, { recursive: true, force: true });
  writeFileSync(STAMP, '');
}

const values = (test, peer, key) => results.filter((row) => row.test === test && row.peer === peer).map((row) => row[key]);
const openssl = opensslCost();
const large = SIZE === GIB ? '1 GiB' : `${SIZE / 2 ** 20} MiB`;
const slower = (own, reference) => reference / own;
const faster = (own, reference) => own / reference;
const TESTS = {
  'P-1': [`${large} up`, 'seconds', 's', slower, 'nginx default'],
  'P-2': [`${large} down`, 'seconds', 's', slower, 'nginx default'],
  'P-4': ['10 KiB files', 'rate', '/s', faster, 'nginx default'],
  // As Debian ships it, nginx waits 40 ms after each range (tcp_nopush): no reference at all.
  'P-5': ['64 KiB ranges', 'rate', '/s', faster, 'nginx tuned'],
};
const short = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
const summary = [];
const lines = [
  `${cpus().length} × ${cpus()[0].model}; ${ROUNDS} rounds; client and server on the same cores; × nginx: default, for P-5 tuned`,
  '',
  '| | what | program | median | least to most | × nginx | CPU | of it database | p99 |',
  '|---|---|---|---|---|---|---|---|---|',
];

for (const [test, [what, key, unit, ratio, against]] of Object.entries(TESTS)) {
  const reference = median(values(test, against, key));
  for (const { name } of peers) {
    const list = values(test, name, key);
    if (list.length === 0) {
      lines.push(`| ${test} | ${what} | ${name} | did not get through | | | | | |`);
      continue;
    }
    const row = { test, peer: name, median: median(list), least: Math.min(...list), most: Math.max(...list), ratio: ratio(median(list), reference) };
    const each = key === 'rate';
    const own = median(values(test, name, each ? 'micros' : 'cpu'));
    row.database_cpu = median(values(test, name, 'database'));
    row.cpu = own + row.database_cpu;
    if (each) row.p99_ms = median(values(test, name, 'p99'));
    summary.push(row);
    const cost = (value) => (each ? `${value.toFixed(0)} µs each` : `${short(value)} s`);
    const cells = [test, what, name, `${short(row.median)} ${unit}`, `${short(row.least)} to ${short(row.most)}`, short(row.ratio), cost(row.cpu)];
    cells.push(row.database_cpu > 0 ? cost(row.database_cpu) : '', each ? `${short(row.p99_ms)} ms` : '');
    lines.push(`| ${cells.join(' | ')} |`);
  }
}

const of = (test, peer) => summary.find((row) => row.test === test && row.peer === peer);
const own = (test) => of(test, 'SOFiE');
const goals = [
  ['P-1 speed at least 1.0 × nginx default', own('P-1').ratio, 1.0, true],
  ['P-1 CPU at most 2.5 × OpenSSL AES-256-GCM', own('P-1').cpu / (openssl * (SIZE / GIB)), 2.5, false],
  ['P-2 speed at least 0.85 × nginx sendfile', own('P-2').ratio, 0.85, true],
  ['P-2 CPU at most 1.4 × nginx sendfile', own('P-2').cpu / of('P-2', 'nginx default').cpu, 1.4, false],
  ['P-4 at least 0.22 × nginx', own('P-4').ratio, 0.22, true],
  ['P-4 at least 4 × tus-node', own('P-4').median / of('P-4', 'tus-node').median, 4, true],
  ['P-5 at least 0.5 × nginx tuned', own('P-5').ratio, 0.5, true],
];
lines.push('', '| target | measured | met |', '|---|---|---|');
for (const [what, value, wanted, atLeast] of goals) {
  lines.push(`| ${what} | ${value.toFixed(2)} | ${(atLeast ? value >= wanted : value <= wanted) ? 'yes' : 'no'} |`);
}
console.log(`\n${lines.join('\n')}`);
writeFileSync(join(here, 'results.md'), `${lines.join('\n')}\n`);
writeFileSync(join(here, 'results.json'), `${JSON.stringify({ rounds: ROUNDS, size: SIZE, machine: cpus()[0].model, cores: cpus().length, openssl_gcm_cpu_seconds_per_gib: openssl, summary, goals: goals.map(([what, value, wanted]) => ({ what, value, wanted })), results }, null, 2)}\n`);
