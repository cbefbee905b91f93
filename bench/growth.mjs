// Growth (P-13): what a package costs when there are 10 000, 100 000 and 1 000 000 others; two web processes behind nginx
// against one; and how long a download takes while very many people log in. The filled database is that of lists.mjs, on a
// PostgreSQL that syncs what it commits.
// Usage: bench/run.sh growth [PACKAGES]
// Default 1000000: half an hour and 15 GB of disk. Needs wrk, nginx, taskset and what make install-test installs.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../tests/e2e/lib/api.mjs';
import { Fleet } from '../tests/e2e/lib/fleet.mjs';
import { Nginx } from '../tests/e2e/lib/nginx.mjs';
import { Postgres } from '../tests/e2e/lib/postgres.mjs';
import { Sofie, until } from '../tests/e2e/lib/sofie.mjs';
import { at, cpu, grid, median, publish, short, targets, wrk } from './figures.mjs';
import { buildSealed, fill, prepareFill, USERS, userOf } from './fill.mjs';

const PACKAGES = Number(process.argv[2] ?? 1_000_000);
const SIZES = [PACKAGES / 100, PACKAGES / 10, PACKAGES];
const ROUNDS = 5;
/** Packages of a round of each size; before the first some that don't count. */
const EACH = 40;
const SMALL = randomBytes(10 * 1024);
const LARGE = 16 * 2 ** 20;
const DOWNLOADS = 400;
const RANGE = 64 * 1024;

const settings = `alter system set shared_buffers = '1GB'; alter system set max_wal_size = '4GB'; alter system set work_mem = '8MB';
  alter system set maintenance_work_mem = '256MB';`;

/** Restarts the database: in a hurry to be filled, careful to be measured. */
async function restart(postgres, safe) {
  await postgres.down();
  postgres.safe = safe;
  await postgres.up();
}

const postmaster = (postgres) => Number(readFileSync(join(postgres.dir, 'data/postmaster.pid'), 'utf8').split('\n')[0]);

/** One package from its draft to its download; milliseconds of each step. */
async function send(sender, receiver) {
  const marks = [performance.now()];
  const mark = () => marks.push(performance.now());
  const { id } = await sender.package({ type: 'private', title: 'bench', recipients: [userOf(9)] });
  mark();
  const file = await sender.put(id, 'small.bin', SMALL);
  mark();
  await sender.json('POST', `/packages/${id}/send`);
  await until('the checks', async () => (await sender.json('GET', `/packages/${id}`)).state === 'delivered', 60_000, 10);
  mark();
  const { status, body } = await receiver.raw('GET', receiver.content(id, file.id));
  if (status !== 200 || body.length !== SMALL.length) throw new Error(`the download ended with ${status}`);
  mark();
  return marks.slice(1).map((time, step) => time - marks[step]);
}

/** Starts web, worker and scheduler as the one process of a small installation: its jobs are told of at once. */
const serve = (fleet) => Sofie.prototype.up.call(fleet);

/** CPU seconds of a process and of all that it started. */
const total = (pid) => {
  const { own, database } = cpu(pid);
  return own + database;
};

/** What a package costs now. */
async function cost(fleet, postgres, sender, receiver) {
  const pids = { sofie: fleet.pid, database: postmaster(postgres) };
  for (let warm = 0; warm < EACH / 2; warm += 1) await send(sender, receiver);
  const rounds = [];
  const size = () => Number(postgres.sql("checkpoint; select pg_database_size('postgres')"));
  const sizeBefore = size();
  const written = () => Number(postgres.sql("select pg_current_wal_lsn() - '0/0'::pg_lsn"));
  const commits = () => Number(postgres.sql("select xact_commit from pg_stat_database where datname = 'postgres'"));
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = Object.values(pids).map(total);
    const [log, made] = [written(), commits()];
    const steps = [];
    for (let number = 0; number < EACH; number += 1) steps.push(await send(sender, receiver));
    const spent = Object.values(pids).map((pid, index) => ((total(pid) - before[index]) * 1000) / EACH);
    // Counts of what was committed come a second late.
    await sleep(1500);
    const database = [(written() - log) / EACH, (commits() - made) / EACH];
    rounds.push({ database, steps: [0, 1, 2, 3].map((step) => median(steps.map((times) => times[step]))), spent });
  }
  const middle = (part, index) => median(rounds.map((round) => round[part][index]));
  const total = (round) => round.steps.reduce((sum, time) => sum + time, 0);
  const used = (round) => round.spent.reduce((sum, time) => sum + time, 0);
  return {
    steps: [0, 1, 2, 3].map((step) => middle('steps', step)),
    spent: [0, 1].map((part) => middle('spent', part)),
    total: rounds.map(total),
    used: rounds.map(used),
    wal: middle('database', 0),
    commits: middle('database', 1),
    kept: (size() - sizeBefore) / (ROUNDS * EACH),
  };
}

/** A file of some size that the receiver can fetch. */
async function delivered(sender, size) {
  const { id } = await sender.package({ type: 'private', title: 'large', recipients: [userOf(9)] });
  const file = await sender.put(id, 'large.bin', randomBytes(size));
  await sender.deliver(id);
  return sender.content(id, file.id);
}

/** Milliseconds of each of some downloads, one after another, 64 KiB from some place. */
async function downloads(receiver, path, count) {
  const times = [];
  for (let number = 0; number < count; number += 1) {
    const from = Math.floor(Math.random() * (LARGE - RANGE));
    const started = performance.now();
    const { status } = await receiver.raw('GET', path, { headers: { Range: `bytes=${from}-${from + RANGE - 1}` } });
    times.push(performance.now() - started);
    if (status !== 206) throw new Error(`a range ended with ${status}`);
  }
  return times;
}

async function storm(fleet, receiver, path) {
  const rounds = { quiet: [], stormy: [], rate: [] };
  await downloads(receiver, path, 50);
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.quiet.push(await downloads(receiver, path, DOWNLOADS));
    // Longer than the downloads take; what is over by then does not count.
    const running = wrk('storm.lua', `${fleet.url}/api/v1/session`, [USERS], { connections: 32, seconds: 12, threads: 1 });
    await sleep(1000);
    rounds.stormy.push(await downloads(receiver, path, DOWNLOADS));
    rounds.rate.push((await running).rate);
  }
  return rounds;
}

const pin = (part, core) => execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(core), String(part.child.pid)], { stdio: 'ignore' });

/** Requests a second through nginx by one web process, held to a core, and by two, held to a core each. */
async function abreast(fleet, tokens, path) {
  await fleet.up('web', 'web-2');
  pin(fleet.part('web'), 0);
  pin(fleet.part('web-2'), 1);
  const site = (ports) => (text) =>
    text
      .replace(/upstream sofie \{[^}]*\}/, `upstream sofie {\n${ports.map((port) => `server 127.0.0.1:${port};\n`).join('')}keepalive 64;\n}`)
      .replace(/X-Real-IP \$remote_addr/, 'X-Real-IP $http_x_address')
      .replace(/X-Forwarded-For \$remote_addr/, 'X-Forwarded-For $http_x_address');
  const ports = [fleet.portOf('web'), fleet.portOf('web-2')];
  const nginx = await Nginx.start(join(fleet.dir, 'nginx'), ports);
  const base = `${nginx.url}/api/v1`;
  const works = {
    'log-ins (a password hashed each)': () => wrk('storm.lua', `${base}/session`, [USERS], { connections: 8, seconds: 10, threads: 1 }),
    'first page of an inbox': () => wrk('list.lua', `${base}/packages`, [tokens.usual]),
    '64 KiB ranges': () => wrk('ranges.lua', `${base}${path}`, [LARGE, tokens.receiver]),
  };
  const found = Object.fromEntries(Object.keys(works).map((name) => [name, { one: [], two: [] }]));
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [count, key] of [
        [1, 'one'],
        [2, 'two'],
      ]) {
        await nginx.reshape(site(ports.slice(0, count)));
        for (const [name, work] of Object.entries(works)) found[name][key].push(await work());
      }
    }
  } finally {
    await nginx.stop();
  }
  return found;
}

buildSealed();
const postgres = await Postgres.start();
const fleet = await Fleet.prepare(postgres);
try {
  postgres.sql(settings);
  await fleet.command('migrate');
  await fleet.up('web');
  const tokens = {};
  for (const [name, number] of [
    ['sender', 8],
    ['receiver', 9],
    ['usual', 7],
  ])
    tokens[name] = await fleet.addUser(userOf(number));
  await fleet.down('web');
  prepareFill(postgres, fleet, PACKAGES);
  const [sender, receiver] = [tokens.sender, tokens.receiver].map((token) => new Api(fleet.url, { token }));
  const costs = [];
  for (const [index, size] of SIZES.entries()) {
    await restart(postgres, false);
    fill(postgres, index === 0 ? 0 : SIZES[index - 1], size, PACKAGES);
    await restart(postgres, true);
    await serve(fleet);
    costs.push(await cost(fleet, postgres, sender, receiver));
    console.log(`${size} packages: ${short(median(costs.at(-1).total))} ms, ${short(median(costs.at(-1).used))} ms of CPU each`);
    if (size !== PACKAGES) await fleet.stop();
  }
  const path = await delivered(sender, LARGE);
  const weather = await storm(fleet, receiver, path);
  await fleet.stop();
  const two = await abreast(fleet, tokens, path);

  const range = (list) => `${short(Math.min(...list))} to ${short(Math.max(...list))}`;
  const growth = [
    [
      'packages that are there',
      'create',
      'upload 10 KiB',
      'send to delivered',
      'download',
      'together, ms',
      'least to most',
      'CPU, ms',
      'least to most',
      'of it SOFiE',
      'database',
      'WAL, KiB',
      'transactions',
      'kept in the database, KiB',
    ],
  ];
  for (const [index, size] of SIZES.entries()) {
    const { steps, spent, total, used, wal, commits, kept } = costs[index];
    growth.push([
      size.toLocaleString('en'),
      ...steps.map(short),
      short(median(total)),
      range(total),
      short(median(used)),
      range(used),
      ...spent.map(short),
      short(wal / 1024),
      short(commits),
      short(kept / 1024),
    ]);
  }
  const p99 = (list) => list.map((times) => at(times, 0.99));
  const p50 = (list) => list.map((times) => at(times, 0.5));
  const calm = [
    ['64 KiB range', 'p50, ms', 'p99, ms', 'p99 least to most'],
    ['quiet', short(median(p50(weather.quiet))), short(median(p99(weather.quiet))), range(p99(weather.quiet))],
    [
      `under ${short(median(weather.rate))} log-ins a second`,
      short(median(p50(weather.stormy))),
      short(median(p99(weather.stormy))),
      range(p99(weather.stormy)),
    ],
  ];
  const rate = (list) => median(list.map(({ rate: each }) => each));
  const spread = (list) => range(list.map(({ rate: each }) => each));
  const side = [['through nginx, in a second', 'one web process', 'least to most', 'two', 'least to most', 'two × one']];
  for (const [name, { one, two: both }] of Object.entries(two))
    side.push([name, short(rate(one)), spread(one), short(rate(both)), spread(both), (rate(both) / rate(one)).toFixed(2)]);
  const [least, most] = [costs[0], costs.at(-1)];
  const logins = Object.values(two)[0];
  const goals = [
    [
      `time per package, ${SIZES.at(-1).toLocaleString('en')} against ${SIZES[0].toLocaleString('en')}, at most 1.2 ×`,
      median(most.total) / median(least.total),
      1.2,
      false,
    ],
    ['the same in CPU, at most 1.2 ×', median(most.used) / median(least.used), 1.2, false],
    ['two web processes at least 1.7 × one (log-ins: the web process is all the work)', rate(logins.two) / rate(logins.one), 1.7, true],
    ['download p99 under log-ins at most 2 × quiet', median(p99(weather.stormy)) / median(p99(weather.quiet)), 2, false],
  ];
  publish(
    'growth',
    `${ROUNDS} rounds of ${EACH} packages, medians; PostgreSQL with fsync; client, nginx and database on the same cores`,
    [targets(goals), grid(growth), grid(side), grid(calm)],
    { costs, weather, two },
  );
} finally {
  await fleet.remove();
  await postgres.remove();
}
