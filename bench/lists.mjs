// Lists of a large installation (P-12): a million packages with what belongs to them, then every list, filter, search and
// figure through the HTTP API, 40 times each, one after another. The plans of statements that take too long are kept.
// Usage: bench/run.sh lists [PACKAGES]
// Default 1000000: half an hour and 15 GB of disk. Needs what make install-test installs. 2000 only shows that everything works.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Api } from '../tests/e2e/lib/api.mjs';
import { Fleet } from '../tests/e2e/lib/fleet.mjs';
import { Postgres } from '../tests/e2e/lib/postgres.mjs';
import { PASSWORD } from '../tests/e2e/lib/sofie.mjs';
import { at, grid, publish, short, targets } from './figures.mjs';
import { buildSealed, fill, prepareFill, USERS, userOf } from './fill.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const PACKAGES = Number(process.argv[2] ?? 1_000_000);
const TIMES = 40;
/** What a page may take, in milliseconds, and what it should. */
const [MUST, SHOULD] = [100, 30];
/** Words that are in no title, no address and no name. */
const NOWHERE = 'zyxw';

/** Has the server write the plans of slow statements down once it is asked to. */
async function configure(postgres) {
  postgres.sql("alter system set session_preload_libraries = 'auto_explain'; select pg_reload_conf()");
  postgres.sql(`alter system set logging_collector = on; alter system set log_directory = 'log';
    alter system set auto_explain.log_min_duration = -1; alter system set shared_buffers = '1GB'; alter system set work_mem = '8MB';
    alter system set max_wal_size = '4GB'; alter system set maintenance_work_mem = '256MB';`);
  await again(postgres);
}

async function again(postgres) {
  await postgres.down();
  await postgres.up();
}

/** What the server has written down since it began. */
function plans(postgres) {
  const log = join(postgres.dir, 'data/log');
  return readdirSync(log)
    .sort()
    .map((name) => readFileSync(join(log, name), 'utf8'))
    .join('');
}

/** Every page with a list, a filter, a search or a figure: a name, who asks, and the address. */
function pages({ root, heavy, usual }, { packages, request }) {
  const list = [];
  const add = (who, api, path, query = {}) => {
    const words = new URLSearchParams(query).toString();
    list.push({
      who,
      api,
      path: words ? `${path}?${words}` : path,
      search: 'q' in query,
    });
  };
  for (const [who, api, own] of [
    ['a program', heavy, packages.heavy],
    ['a user', usual, packages.usual],
  ]) {
    for (const box of ['inbox', 'sent', 'drafts', 'deleted']) {
      add(who, api, '/packages', { box });
      add(who, api, '/packages', { box, limit: 200 });
      add(who, api, '/packages', { box, cursor: Math.floor(PACKAGES / 2) });
      for (const q of ['invoice', userOf(7), NOWHERE]) add(who, api, '/packages', { box, q });
    }
    add(who, api, '/approvals');
    add(who, api, '/approvals', { q: NOWHERE });
    for (const path of ['/requests', '/tokens', '/session', '/sessions', `/packages/${own}`, `/packages/${own}/tracking`]) add(who, api, path);
  }
  add('a user', usual, `/requests/${request}`);
  const admin = (path, query) => add('administrator', root, `/admin${path}`, query);
  admin('/dashboard');
  for (const view of ['all', 'active', 'checking', 'quarantined', 'waiting', 'deleted']) {
    admin('/packages', { view });
    admin('/packages', { view, limit: 200 });
    admin('/packages', { view, cursor: Math.floor(PACKAGES / 2) });
    for (const q of ['invoice', userOf(7), NOWHERE]) admin('/packages', { view, q });
  }
  const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString();
  for (const query of [
    {},
    { cursor: PACKAGES * 2 },
    { event: 'FILE_BLOCKED' },
    { event: 'PACKAGE_SENT' },
    { event: 'PACKAGE_REJECTED' },
    { q: userOf(7) },
    { q: userOf(0) },
    { q: packages.usual },
    { q: NOWHERE },
    { from: day(200), to: day(199) },
    { from: day(200), to: day(199), event: 'FILE_BLOCKED' },
    { from: day(200), to: day(199), q: userOf(7) },
    { from: day(200), to: day(199), q: NOWHERE },
    { event: 'FILE_BLOCKED', q: NOWHERE },
    { to: day(360) },
    { from: day(1) },
  ])
    admin('/audit', query);
  for (const query of [
    {},
    { state: 'queued' },
    { state: 'running' },
    { state: 'done' },
    { state: 'dead' },
    { kind: 'check_package' },
    { kind: 'deliver_mail' },
    { state: 'dead', kind: 'deliver_mail' },
  ])
    admin('/jobs', query);
  for (const query of [{}, { cursor: Math.floor(PACKAGES / 2) }]) admin('/outbox', query);
  for (const query of [{}, { q: 'user-77' }, { q: NOWHERE }, { limit: 200 }]) admin('/users', query);
  for (const path of [
    '/checks',
    '/groups',
    '/exceptions',
    '/hashes',
    '/engines',
    '/keys',
    '/integrity',
    '/licence',
    '/sessions',
    '/settings',
    '/administrators',
    '/rule-sets',
    `/packages/${packages.usual}`,
    `/packages/${packages.usual}/verdicts`,
  ])
    admin(path);
  return list;
}

async function ask(api, path) {
  const started = performance.now();
  const answer = await api.raw('GET', path);
  const took = performance.now() - started;
  if (answer.status !== 200 && answer.status !== 403) throw new Error(`${path}: ${answer.status} ${answer.body}`);
  return {
    took,
    status: answer.status,
    rows: JSON.parse(answer.body).items?.length,
  };
}

buildSealed();
const postgres = await Postgres.start();
const fleet = await Fleet.prepare(postgres);
const results = [];
try {
  await configure(postgres);
  await fleet.command('migrate');
  await fleet.up('web');
  await fleet.addAdministrator('root@example.org');
  const heavy = new Api(fleet.url, { token: await fleet.addUser(userOf(0)) });
  const usual = new Api(fleet.url, { token: await fleet.addUser(userOf(7)) });
  const request = await usual.json('POST', '/requests', {
    email: 'guest@example.net',
    title: 'The drawings',
  });
  await fleet.down('web');

  const begun = performance.now();
  prepareFill(postgres, fleet, PACKAGES);
  fill(postgres, 0, PACKAGES, PACKAGES);
  const seconds = (performance.now() - begun) / 1000;
  const sizes = postgres
    .query(`select relname || ' ' || reltuples::bigint || ' ' || pg_total_relation_size(oid) from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > 1000 and relname <> 'sealed' order by pg_total_relation_size(oid) desc`)
    .map((line) => line.split(' '));
  postgres.sql('drop table sealed');
  await again(postgres);
  console.log(`filled in ${seconds.toFixed(0)} s`);

  await fleet.up('web');
  const root = new Api(fleet.url);
  await root.json('POST', '/admin/session', {
    email: 'root@example.org',
    password: PASSWORD,
  });
  const someOf = (number) =>
    postgres.sql(`select p.id from packages p join users u on u.id = p.sender_user_id
    where u.email = '${userOf(number)}' and p.life = 'active' order by p.ordinal desc limit 1`);
  const all = pages({ root, heavy, usual }, { packages: { heavy: someOf(0), usual: someOf(7) }, request: request.id });
  for (const page of all) {
    const times = [];
    let rows;
    for (let time = 0; time < TIMES; time += 1) {
      // A search is something that one may do only so often in a minute.
      if (page.search && time % 20 === 0) postgres.sql('delete from rate_limits');
      const one = await ask(page.api, page.path);
      if (one.status === 403) break;
      times.push(one.took);
      rows = one.rows;
      // Nobody waits half an hour for what is far too slow.
      if (time >= 4 && at(times, 0.5) > 5 * MUST) break;
    }
    if (times.length > 0)
      results.push({
        who: page.who,
        path: page.path,
        rows,
        times,
        p50: at(times, 0.5),
        p95: at(times, 0.95),
      });
  }
  const slow = results.filter(({ p95 }) => p95 > MUST);
  if (slow.length > 0) {
    postgres.sql(`alter system set auto_explain.log_min_duration = '${SHOULD}ms'; alter system set auto_explain.log_analyze = on;
      alter system set auto_explain.log_buffers = on; select pg_reload_conf()`);
    await fleet.down('web');
    await fleet.up('web');
    postgres.sql('delete from rate_limits');
    let seen = plans(postgres).length;
    const texts = [];
    for (const { who, path } of slow) {
      await ask(all.find((page) => page.who === who && page.path === path).api, path);
      const text = plans(postgres);
      texts.push(`${who} ${path}\n\n${text.slice(seen)}`);
      seen = text.length;
    }
    mkdirSync(join(here, 'plans'), { recursive: true });
    writeFileSync(join(here, 'plans/lists.txt'), texts.join('\n\n'));
    console.log('the plans of what was slow are in bench/plans/lists.txt');
  }
  const cell = ({ who, path, rows, p50, p95 }) => [who, `\`${path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')}\``, rows ?? '', short(p50), short(p95)];
  const sorted = results.toSorted((a, b) => b.p95 - a.p95);
  const table = (list) => grid([['who', 'page', 'rows', 'p50, ms', 'p95, ms'], ...list.map(cell)]);
  const goals = [
    [`pages with p95 over ${MUST} ms, of ${results.length}`, slow.length, 0, false],
    [`pages with p95 over ${SHOULD} ms, of ${results.length}`, results.filter(({ p95 }) => p95 > SHOULD).length, 0, false],
    ['the slowest page, p95 in ms', sorted[0].p95, MUST, false],
  ];
  const gib = sizes.map(([name, rows, bytes]) => [
    name,
    Number(rows).toLocaleString('en'),
    (Number(bytes) / 2 ** 30).toFixed(2),
    (Number(bytes) / rows).toFixed(0),
  ]);
  publish(
    'lists',
    `${PACKAGES.toLocaleString('en')} packages, ${USERS.toLocaleString('en')} users; every page ${TIMES} times, one after another`,
    [targets(goals), table(sorted), grid([['table', 'rows', 'GiB with indices', 'bytes a row'], ...gib])],
    { packages: PACKAGES, results, sizes },
  );
} finally {
  await fleet.remove();
  await postgres.remove();
}
