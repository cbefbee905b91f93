// Durable jobs (P-10): how many in a second, and how long from asking to starting, told of by the process itself and by
// Kafka, side by side with pgbench, which does the same work on a table of its own in the same PostgreSQL. Rounds are
// interleaved. The product's own queue is driven by a small program (crates/test-support/examples/queue).
// Usage: bench/run.sh jobs [ROUNDS]      (default 5; needs what make install-test installs)
// BENCH_JOBS=400 only shows that everything works.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { INSTALLED, Kafka } from '../tests/e2e/lib/kafka.mjs';
import { Postgres } from '../tests/e2e/lib/postgres.mjs';
import { grid, median, publish, short, targets } from './figures.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const ROUNDS = Number(process.argv[2] ?? 5);
const JOBS = Number(process.env.BENCH_JOBS ?? 8000);
const CLIENTS = 8;
/** As many rows as the runner claims at once. */
const BATCH = 32;
/** Jobs that run at once; they take no time, so this is how far claiming and finishing overlap. */
const PLACES = 32;
/** Jobs one after another for the latency, and the pause between two in milliseconds. */
const [SINGLE, PAUSE] = [Math.min(JOBS, 500), 5];
const DRIVER = join(root, 'target/release/examples/queue');

/** Like the product's table, with what anybody would give it: a key and an index of what waits. */
const PLAIN = `create table plain_jobs (
  id uuid primary key default gen_random_uuid(), seq bigint generated always as identity, name text not null, queue text not null,
  payload jsonb not null, state text not null default 'queued', attempt integer not null default 0, run_at timestamptz not null,
  lease_until timestamptz, worker text, created_at timestamptz not null, finished_at timestamptz);
create index plain_jobs_due on plain_jobs (queue, run_at, seq) where state = 'queued';`;
const CHOSEN = (limit) => `select id from plain_jobs where queue = 'checks' and state = 'queued' and run_at <= now()
  order by run_at, seq limit ${limit} for update skip locked`;
const TAKE = "update plain_jobs set state = 'running', attempt = attempt + 1, worker = 'bench', lease_until = now() + interval '30 s'";
/** A statement per line. */
const line = (sql) => sql.replaceAll(/\s*\n\s*/g, ' ');
const SCRIPTS = {
  enqueue: ['begin;', `insert into plain_jobs (name, queue, payload, run_at, created_at) values ('nothing', 'checks', '{"number": 1}', now(), now());`, 'end;'],
  work: [
    line(`${TAKE} where id = (${CHOSEN(1)}) returning id, attempt \\gset`),
    "update plain_jobs set state = 'done', finished_at = now(), lease_until = null where id = :id and attempt = :attempt and state = 'running';",
  ],
  claims: [line(`${TAKE} from (${CHOSEN(BATCH)}) chosen where plain_jobs.id = chosen.id returning plain_jobs.id, payload, attempt;`)],
};

/** The small program: one command at a time, answered by numbers. */
class Driver {
  #lines;

  static async start(...args) {
    const driver = new Driver();
    driver.child = spawn(DRIVER, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    driver.#lines = createInterface({ input: driver.child.stdout })[Symbol.asyncIterator]();
    await driver.#answer();
    return driver;
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the driver of the queue has ended');
    return value;
  }

  async ask(...words) {
    this.child.stdin.write(`${words.join(' ')}\n`);
    return (await this.#answer()).split(' ').map(Number);
  }

  stop() {
    this.child.stdin.end();
  }
}

function prepare() {
  if (!INSTALLED) throw new Error('Kafka is not here: make install-test');
  execFileSync('cargo', ['build', '--release', '--locked', '--quiet', '--package', 'sofie-test-support', '--example', 'queue'], {
    cwd: root,
    stdio: 'inherit',
  });
}

const results = [];
const note = (what, who, value) => results.push({ what, who, value });

/** Runs a script of pgbench; returns how many times in a second. */
async function pgbench(postgres, script, times) {
  const file = join(postgres.dir, `${script}.sql`);
  if (!existsSync(file)) writeFileSync(file, `${SCRIPTS[script].join('\n')}\n`);
  const args = ['--no-vacuum', '--protocol=prepared', `--client=${CLIENTS}`, '--jobs=1', `--transactions=${times}`, `--file=${file}`];
  const { stdout } = await promisify(execFile)('pgbench', [...args, '-h', postgres.dir, '-p', postgres.port, '-U', 'postgres', 'postgres']);
  return Number(stdout.match(/^tps = ([\d.]+)/m)[1]);
}

/** Writes rows that wait, without measuring it. */
function fill(postgres, table, count) {
  const columns =
    table === 'jobs'
      ? ['dedupe_key, party, turn, id', "n::text, md5((n % 50)::text)::uuid, now() + n / 50 * interval '15 s', gen_random_uuid()"]
      : ['id', 'gen_random_uuid()'];
  postgres.sql(`truncate ${table};
    insert into ${table} (name, queue, payload, run_at, created_at, ${columns[0]})
    select 'nothing', 'checks', jsonb_build_object('number', n), now(), now(), ${columns[1]} from generate_series(0, ${count - 1}) n;
    vacuum analyze ${table};`);
}

async function round(postgres, alone, told) {
  const empty = (table) => postgres.sql(`truncate ${table}; analyze ${table};`);
  const each = JOBS / CLIENTS;
  // One at a time.
  empty('jobs');
  note('enqueue', 'SOFiE', (await alone.ask('enqueue', CLIENTS, JOBS))[0]);
  empty('plain_jobs');
  note('enqueue', 'pgbench', await pgbench(postgres, 'enqueue', each));
  fill(postgres, 'jobs', JOBS);
  note('work', 'SOFiE', (await alone.ask('work', CLIENTS))[0]);
  fill(postgres, 'plain_jobs', JOBS);
  note('work', 'pgbench', await pgbench(postgres, 'work', each));
  // Many at a time.
  fill(postgres, 'jobs', 4 * JOBS);
  note('claims', 'SOFiE', (await alone.ask('claims', CLIENTS, BATCH))[0]);
  fill(postgres, 'plain_jobs', 4 * JOBS);
  note('claims', 'pgbench', BATCH * (await pgbench(postgres, 'claims', Math.floor((4 * each) / BATCH))));
  // The runner: claims for its free places, finishes one by one.
  fill(postgres, 'jobs', JOBS);
  note('runner', 'SOFiE', (await alone.ask('run', PLACES, JOBS))[0]);
  // Written and worked off at the same time.
  empty('jobs');
  note('flow', 'database', (await alone.ask('flow', PLACES, CLIENTS, JOBS))[0]);
  empty('jobs');
  note('flow', 'Kafka', (await told.ask('flow', PLACES, CLIENTS, JOBS))[0]);
  fill(postgres, 'jobs', 4 * JOBS);
  note('announce', 'Kafka', (await told.ask('announce'))[0]);
  for (const [name, driver] of [
    ['database', alone],
    ['Kafka', told],
  ]) {
    empty('jobs');
    const micros = await driver.ask('latency', SINGLE, PAUSE);
    for (const [index, what] of ['asked p50', 'asked p99', 'committed p50', 'committed p99'].entries()) note(what, name, micros[index] / 1000);
  }
}

prepare();
const postgres = await Postgres.start({ safe: true });
const kafka = await Kafka.start();
const drivers = [];
try {
  for (const args of [[postgres.address], [postgres.address, kafka.brokers]]) drivers.push(await Driver.start(...args));
  postgres.sql(PLAIN);
  for (let number = 0; number < ROUNDS; number += 1) {
    await round(postgres, ...drivers);
    console.log(`round ${number + 1} of ${ROUNDS}`);
  }
} finally {
  for (const driver of drivers) driver.stop();
  await kafka.remove();
  await postgres.remove();
}

const values = (what, who) => results.filter((one) => one.what === what && one.who === who).map(({ value }) => value);
const middle = (what, who) => median(values(what, who));
const spread = (what, who) => {
  const list = values(what, who);
  return list.length === 0 ? ['', ''] : [short(median(list)), `${short(Math.min(...list))} to ${short(Math.max(...list))}`];
};
const against = (title, what) => [title, ...spread(what, 'SOFiE'), ...spread(what, 'pgbench'), (middle(what, 'SOFiE') / middle(what, 'pgbench')).toFixed(2)];
const rates = [
  ['jobs in a second', 'SOFiE', 'least to most', 'pgbench', 'least to most', 'SOFiE × pgbench'],
  against(`enqueued, a transaction each, ${CLIENTS} clients`, 'enqueue'),
  against(`claimed and completed one by one, ${CLIENTS} clients`, 'work'),
  against(`claimed ${BATCH} at a time, ${CLIENTS} clients`, 'claims'),
  [`the whole runner, ${PLACES} places`, ...spread('runner', 'SOFiE'), '', '', (middle('runner', 'SOFiE') / middle('work', 'pgbench')).toFixed(2)],
];
const ways = [['', 'by the database', 'least to most', 'by Kafka', 'least to most']];
const both = (title, what) => ways.push([title, ...spread(what, 'database'), ...spread(what, 'Kafka')]);
both(`enqueued by ${CLIENTS} clients and run at the same time, jobs/s`, 'flow');
both('rows announced and confirmed, jobs/s', 'announce');
both('from asking (the commit included) to the start, p50, ms', 'asked p50');
both('the same, p99', 'asked p99');
both('from the commit to the start, p50, ms', 'committed p50');
both('the same, p99', 'committed p99');
const goals = [
  ['the runner (claims for its free places, completes one by one) at least 0.6 × pgbench', middle('runner', 'SOFiE') / middle('work', 'pgbench'), 0.6, true],
  ['claim and complete, both one by one, at least 0.6 × pgbench', middle('work', 'SOFiE') / middle('work', 'pgbench'), 0.6, true],
  ['batched claims at least 20 000 /s', middle('claims', 'SOFiE'), 20_000, true],
  ['Kafka: announced at least 5 000 /s', middle('announce', 'Kafka'), 5000, true],
  ['Kafka: enqueued, told of, run and finished at least 5 000 /s', middle('flow', 'Kafka'), 5000, true],
  ['database: commit to start, p50 at most 1.5 ms', middle('committed p50', 'database'), 1.5, false],
  ['database: commit to start, p99 at most 4 ms', middle('committed p99', 'database'), 4, false],
  ['Kafka: commit to start, p50 at most 1.5 ms', middle('committed p50', 'Kafka'), 1.5, false],
  ['Kafka: commit to start, p99 at most 4 ms', middle('committed p99', 'Kafka'), 4, false],
];
const [, version] = readFileSync(join(root, 'scripts/env.sh'), 'utf8').match(/^KAFKA_WANTED=(.*)$/m);
publish(
  'jobs',
  `${ROUNDS} rounds of ${JOBS} jobs, medians; PostgreSQL with fsync, one broker of Kafka ${version}, everything on the same cores`,
  [grid(rates), grid(ways), targets(goals)],
  { rounds: ROUNDS, jobs: JOBS, results },
);
