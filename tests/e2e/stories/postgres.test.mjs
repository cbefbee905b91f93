// An embedded installation moves to a PostgreSQL server, and lives there as three processes with three roles.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { text } from '../lib/samples.mjs';
import { BINARY, PASSWORD, Sofie, until } from '../lib/sofie.mjs';

const DATABASE = 'files';
const LOGINS = { web: 'web_login', worker: 'worker_login', scheduler: 'scheduler_login' };

describe('a PostgreSQL server', () => {
  let sofie, postgres, token, archive, config;
  const processes = new Map();
  before(async () => {
    [sofie, postgres] = await Promise.all([Sofie.start(), Postgres.start()]);
    archive = join(sofie.dir, 'everything');
    config = join(sofie.dir, 'sofie.toml');
    writeFileSync(config, '[database]\nkind = "server"\n');
    postgres.sql(`create role owner_login login createrole password 'owner_login-secret';
      create database ${DATABASE} owner owner_login;
      create database other owner owner_login;`);
  });
  after(async () => {
    for (const child of processes.values()) child.kill('SIGKILL');
    await sofie?.remove();
    await postgres?.remove();
  });

  const file = (name, data) => {
    const path = join(sofie.dir, 'work', name);
    writeFileSync(path, data);
    return path;
  };
  /** What a process or command is told: where, and as whom. */
  const env = (role, more = {}) => ({
    SOFIE__HTTP__LISTEN: `127.0.0.1:${sofie.port}`,
    SOFIE__DATABASE__URL: postgres.url(role, DATABASE, more),
    SOFIE__DATABASE__OWNER_URL: postgres.url('owner_login', DATABASE, more),
  });
  const place = () => ['--config', config, '--data-dir', sofie.data];
  const run = (args, role = 'owner_login', more) => sofie.run([...args, ...place()], { env: env(role, more) });
  const fine = async (args, role, more) => {
    const { code, stdout, stderr } = await run(args, role, more);
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
  const refused = async (pattern, args, role, more) => {
    const { code, stdout, stderr } = await run(args, role, more);
    assert.notEqual(code, 0, `${args.join(' ')}: ${stdout}`);
    assert.match(stderr, pattern);
    return code;
  };
  const send = async (name, data, to, more = ['--wait']) => {
    const args = ['send', file(name, data), '--to', to, '--server', sofie.url, '--token', token, '--json', ...more];
    const { code, stdout, stderr } = await sofie.run(args);
    assert.ok(code === 0 || (code === 4 && more.length === 0), `${code}: ${stderr}`);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  };

  function up(part) {
    const log = createWriteStream(join(sofie.dir, `${part}.log`), { flags: 'a' });
    // The schedule needs neither the key nor the files: it runs where there are none.
    const where = part === 'scheduler' ? ['--config', config, '--data-dir', join(sofie.dir, 'nowhere')] : place();
    const child = spawn(BINARY, [part, ...where], {
      cwd: sofie.dir, env: { ...process.env, NO_COLOR: '1', ...env(LOGINS[part]) }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    processes.set(part, child);
    return child;
  }
  const log = (part) => readFileSync(join(sofie.dir, `${part}.log`), 'utf8');
  const status = (path) => fetch(`${sofie.url}${path}`, { signal: AbortSignal.timeout(20_000) }).then((answer) => answer.status, () => 0);
  /** Everything that the command line of a server-side command needs, as the HTTP side may do it. */
  const outbox = async () => JSON.parse(await fine(['outbox', '--json'], LOGINS.web));
  const mailed = (to, pattern) => until(`a mail to ${to} with ${pattern}`, async () => {
    const mails = (await outbox()).filter((mail) => mail.to === to && pattern.test(mail.text));
    return mails.at(-1)?.text.match(pattern)[0];
  }, 60_000, 500);
  async function fetched(name, to) {
    const link = await mailed(to, /https?:\/\/\S+\/p#[A-Za-z0-9_.~-]+/);
    assert.equal((await sofie.run(['get', link])).code, 9, 'a code is wanted');
    const code = await mailed(to, /\b\d{4}[ \u00a0-]\d{4}\b/);
    const got = await sofie.run(['get', link, '--code', code, '-o', 'out', '--force']);
    assert.equal(got.code, 0, got.stderr);
    return readFileSync(join(sofie.dir, 'work/out', name));
  }

  it('is moved to: everything is written to a file by the embedded one', async () => {
    token = await sofie.addUser('alice@example.org');
    await sofie.addAdministrator('root@example.org');
    await send('before.txt', text(4000), 'bob@example.net');
    const early = await sofie.run(['db', 'export', archive, '--data-dir', sofie.data]);
    assert.equal(early.code, 1);
    assert.match(early.stderr, /the server is running/);
    assert.ok(!existsSync(archive));
    assert.equal(await sofie.stop(), 0);
    const told = await sofie.command('db', 'export', archive);
    assert.match(told, /audit +\d+ +[0-9a-f]{64}/);
    assert.equal(statSync(archive).mode & 0o777, 0o600);
    const again = await sofie.run(['db', 'export', archive, '--data-dir', sofie.data]);
    assert.equal(again.code, 1, 'no file is written over');
  });

  it('is reached by TLS with a verified name, or not at all', async () => {
    await refused(/certificate/i, ['migrate', '--check'], 'owner_login', { ca: join(postgres.dir, 'stranger.pem') });
    const far = (more) => sofie.run(['migrate', '--check', ...place()], {
      env: { SOFIE__DATABASE__URL: 'postgres://u:p@192.0.2.1/files?sslmode=require', ...more },
    });
    const unsafe = await far();
    assert.equal(unsafe.code, 1);
    assert.match(unsafe.stderr, /192\.0\.2\.1 would not be safe: .*sslmode=verify-full/);
  });

  it('has a schema that nobody but the owner makes', async () => {
    assert.equal((await run(['migrate', '--check'])).code, 3);
    await refused(/older than this program \(1 to be applied\): run `sofie migrate` first/, ['outbox']);
    const told = await fine(['migrate', '--roles']);
    assert.match(told, /applying 0001 initial[^]*made the roles[^]*set the rights[^]*up to date/);
    assert.match(await fine(['migrate', '--check']), /up to date/);
    const again = await fine(['migrate']);
    assert.doesNotMatch(again, /applying|made|set the rights/);
    for (const [part, login] of Object.entries(LOGINS)) {
      postgres.sql(`create role ${login} login password '${login}-secret' in role sofie_${part}`);
    }
    // An older program, or an older schema: neither is worked with.
    const as = { database: DATABASE };
    postgres.sql("insert into _sqlx_migrations values (9000, 'later', now(), true, '', 0); update schema_state set oldest_program = 9000", as);
    await refused(/newer than this program can use \(it has migration 9000\)/, ['outbox'], LOGINS.web);
    await refused(/newer than this program/, ['migrate']);
    postgres.sql('update schema_state set oldest_program = 1', as);
    assert.match(await fine(['migrate', '--check']), /up to date/, 'one that only adds is worked with');
    postgres.sql('delete from _sqlx_migrations where version = 9000', as);
    postgres.sql("update schema_state set rights = '\\x00'", as);
    await refused(/rights of the database roles/, ['outbox'], LOGINS.web);
    assert.equal((await run(['migrate', '--check'])).code, 3);
    assert.match(await fine(['migrate']), /set the rights/);
  });

  it('takes everything in once, compared table by table', async () => {
    const bytes = readFileSync(archive);
    bytes[bytes.length >> 1] ^= 1;
    const damaged = join(sofie.dir, 'damaged');
    writeFileSync(damaged, bytes);
    assert.notEqual((await run(['db', 'import', damaged])).code, 0);
    writeFileSync(damaged, bytes.subarray(0, bytes.length - 40));
    assert.notEqual((await run(['db', 'import', damaged])).code, 0);
    assert.equal(postgres.sql('select count(*) from audit', { database: DATABASE }), '0', 'nothing is kept of what is not whole');
    const told = await fine(['db', 'import', archive]);
    assert.match(told, /tables with \d+ rows arrived as they were/);
    await refused(/not empty/, ['db', 'import', archive]);
  });

  it('runs three processes, each with the rights that it needs', async () => {
    for (const part of Object.keys(LOGINS)) up(part);
    await until('the web side is ready', async () => (await status('/readyz')) === 200, 60_000);
    assert.deepEqual(await fetched('before.txt', 'bob@example.net'), text(4000), 'what was sent before is there');
    await send('after.txt', text(5000), 'carol@example.net');
    assert.deepEqual(await fetched('after.txt', 'carol@example.net'), text(5000));
    await until('the schedule is followed', () => Number(postgres.sql(
      "select count(*) from jobs where name = 'maintain' and state = 'done'", { database: DATABASE })) > 5, 60_000, 500);
    assert.equal(postgres.sql("select count(*) from jobs where state = 'dead'", { database: DATABASE }), '0');

    const root = new Api(sofie.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    const events = (await root.json('GET', '/admin/audit?limit=100')).items.map(({ event }) => event);
    assert.ok(events.filter((event) => event === 'PACKAGE_SUBMITTED').length >= 2, events.join(' '));

    const doctor = await run(['doctor'], LOGINS.web);
    assert.match(doctor.stdout, /ok +database role +web_login/);
    assert.match(doctor.stdout, /ok +database way/);
    for (const part of Object.keys(LOGINS)) assert.doesNotMatch(log(part), /permission denied/, part);
  });

  it('gives no process more', () => {
    const deny = (role, statement) => assert.throws(
      () => postgres.sql(statement, { as: role, database: DATABASE }),
      (error) => /permission denied|must be owner/.test(error.stderr), `${role}: ${statement}`);
    for (const role of Object.values(LOGINS)) {
      deny(role, "update audit set event = 'nothing'");
      deny(role, 'delete from audit');
      deny(role, 'truncate audit');
      deny(role, 'drop trigger audit_append_only on audit');
      deny(role, 'create table mine (n int)');
      deny(role, 'alter table users add column more text');
      deny(role, 'update schema_state set oldest_program = 0');
      deny(role, 'delete from packages');
    }
    for (const table of ['package_keys', 'files', 'packages', 'users', 'signing_keys', 'settings', 'mails', 'audit']) {
      deny(LOGINS.scheduler, `select from ${table}`);
    }
    deny(LOGINS.worker, 'select password from users');
    deny(LOGINS.worker, 'select hash from sessions');
    deny(LOGINS.worker, "update users set password = ''");
  });

  it('may become read-only, and lose its connections, without any loss', async () => {
    const set = (value) => postgres.sql(`alter system set default_transaction_read_only = ${value}; select pg_reload_conf()`);
    set('on');
    await until('the web side is not ready', async () => (await status('/readyz')) === 503);
    const alice = new Api(sofie.url, { token });
    const draft = { type: 'public', title: 'Made at a bad moment' };
    await assert.rejects(alice.package(draft), /503 .*"unavailable"/);
    set('off');
    await until('it is ready again', async () => (await status('/readyz')) === 200);
    await alice.package(draft);

    // What was acknowledged is checked and delivered, although the server goes away at once.
    await send('during.txt', text(6000), 'dave@example.net', []);
    await postgres.down();
    await until('the web side is not ready', async () => (await status('/readyz')) === 503);
    await postgres.up();
    await until('it is ready again', async () => (await status('/readyz')) === 200);
    assert.deepEqual(await fetched('during.txt', 'dave@example.net'), text(6000));
    for (const child of processes.values()) assert.equal(child.exitCode, null, 'no process ended');
  });

  it('is left in an orderly way', async () => {
    for (const [part, child] of processes) {
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      assert.equal(code, 0, log(part));
    }
    processes.clear();
    for (const made of ['nowhere', 'nowhere.kek']) assert.ok(!existsSync(join(sofie.dir, made)), made);
  });
});
