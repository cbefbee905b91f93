// sofie doctor: nothing to say of a healthy installation, and each fault that is seeded here, for real, is found as what it
// is, as bad as it is, with what to do about it, and nothing else is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request as ask } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { Api } from '../lib/api.mjs';
import { Clamd } from '../lib/engines.mjs';
import { Fleet } from '../lib/fleet.mjs';
import { Nginx } from '../lib/nginx.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { ObjectStore } from '../lib/s3.mjs';
import { Mailbox } from '../lib/smtp.mjs';
import { freePort, PASSWORD, Sofie } from '../lib/sofie.mjs';

const DATABASE = 'files';
const ROOT = process.getuid() === 0;
const FAKETIME = existsSync('/usr/lib') && readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`).find((path) => existsSync(path));

/** Listens, and lets go of it when the test is over. */
async function listening(server, host = '127.0.0.1', port = 0) {
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return server.address().port;
}

/** What is not well, as [level, what], each with its detail and advice. */
function complaints(stdout) {
  const all = JSON.parse(stdout);
  assert.ok(all.length > 0);
  // The disk of this machine may be nearly full: only the small ones that are made here count.
  const ofMachine = ({ what, detail }) => what === 'free space' && / of [1-9]\d+ GiB: uploads /.test(detail);
  const found = all.filter((one) => one.level !== 'ok' && !ofMachine(one));
  for (const one of found) assert.ok(one.advice?.length > 10, `no advice: ${JSON.stringify(one)}`);
  return found;
}

/** Exactly these findings: [level, what, pattern of the detail]. */
function assertFound(found, expected) {
  const shown = JSON.stringify(found, null, 1);
  assert.deepEqual(found.map(({ level, what }) => [level, what]), expected.map(([level, what]) => [level, what]), shown);
  for (const [at, [, , pattern]] of expected.entries()) assert.match(found[at].detail, pattern, shown);
}

describe('the doctor', () => {
  let fleet, postgres, clamd, front, box, kek, other, user, config;
  /** What the proxy in front of clamd says of its version, if not what it says itself. */
  let version = null;
  before(async () => {
    postgres = await Postgres.start({ safe: true });
    postgres.sql(`create role owner_login login createrole password 'owner_login-secret';
      create database ${DATABASE} owner owner_login; create database fresh owner owner_login; create database second owner owner_login;`);
    fleet = await Fleet.prepare(postgres);
    const owner = (database) => ({ SOFIE__DATABASE__URL: postgres.url('owner_login', database) });
    for (const [at, database] of [DATABASE, 'second'].entries()) {
      const { code, stderr } = await fleet.run(['migrate', ...(at === 0 ? ['--roles'] : []), '--data-dir', fleet.data], { env: owner(database) });
      assert.equal(code, 0, stderr);
    }
    postgres.sql("create role web_login login password 'web_login-secret' in role sofie_web");
    fleet.env = { SOFIE__DATABASE__KIND: 'server', SOFIE__DATABASE__URL: postgres.url('web_login', DATABASE), SOFIE__HTTP__LISTEN: `127.0.0.1:${fleet.port}` };
    [clamd, box] = await Promise.all([Clamd.start(fleet.dir), Mailbox.start()]);
    front = createServer((socket) => {
      socket.once('data', (first) => {
        if (version && /^[nz]VERSION/.test(first)) return socket.end(`${version}\0`);
        socket.pause();
        const behind = connect(clamd.socket, () => behind.write(first) && socket.pipe(behind).pipe(socket));
        behind.on('error', () => socket.destroy());
      });
      socket.on('error', () => undefined);
    });
    const port = await listening(front);
    await fleet.up('web');
    await fleet.addAdministrator('root@example.org');
    const alice = new Api(fleet.url, { token: await fleet.addUser('alice@example.org') });
    const root = new Api(fleet.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    const engine = { kind: 'clamd', enabled: true, mandatory: true, config: { addresses: [`tcp:127.0.0.1:${port}`] } };
    assert.ok((await root.json('POST', '/admin/engines', engine)).available);
    await alice.put((await alice.package({ type: 'public' })).id, 'a.txt', Buffer.from('a file\n'));
    // Nobody works here: what was mailed of the accounts would be found left lying one day.
    sql('delete from jobs');
    set('mail.smtp_host', '127.0.0.1');
    set('mail.smtp_port', box.port);
    set('mail.smtp_security', 'none');
    set('instance.base_url', 'https://localhost');
    kek = `${fleet.data}.kek`;
    config = join(fleet.dir, 'sofie.toml');
    // The key of another installation: of a database of its own, in a folder of its own.
    other = join(fleet.dir, 'other');
    await fleet.run(['outbox', '--data-dir', other], { env: { SOFIE__DATABASE__URL: postgres.url('owner_login', 'second') } });
    assert.ok(existsSync(`${other}.kek`));
    user = ROOT ? 65534 : null;
  });
  after(async () => {
    front?.close();
    box?.stop();
    await fleet?.remove();
    await clamd?.stop();
    await postgres?.remove();
  });

  const sql = (text) => postgres.sql(text, { database: DATABASE });
  function set(key, value) {
    const json = JSON.stringify(value);
    sql(`insert into settings values ('${key}', '${json}', null, now(), 'story') on conflict (key) do update set value = excluded.value;
      update settings_revision set revision = revision + 1`);
  }
  /** A setting for as long as a fault lasts. */
  const setting = (key, value, usual) => async () => {
    set(key, value);
    return { undo: () => set(key, usual) };
  };
  const env = (values) => async () => ({ env: values });
  /** A statement for as long as a fault lasts. */
  const statement = (seed, undo) => async () => {
    sql(seed);
    return { undo: () => sql(undo) };
  };
  const system = (name, value) => statement(`alter system set ${name} = ${value}`, `alter system reset ${name}`);
  const reloaded = (seed) => async () => {
    const { undo } = await seed();
    sql('select pg_reload_conf()');
    return {
      undo() {
        undo();
        sql('select pg_reload_conf()');
      },
    };
  };
  /** A mail server that is only a listener, and what it is asked to be. */
  const mailServer = (make, security) => async () => {
    const server = make();
    set('mail.smtp_port', await listening(server));
    set('mail.smtp_security', security);
    return {
      undo() {
        server.close();
        set('mail.smtp_port', box.port);
        set('mail.smtp_security', 'none');
      },
    };
  };
  const job = (state, age) => statement(
    `insert into jobs (id, name, queue, payload, state, run_at, turn, created_at)
     values ('${randomUUID()}', 'story', 'maintenance', '{}', '${state}', now() - interval '${age}', now(), now())`,
    "delete from jobs where name = 'story'");
  const toml = (text, mode) => async () => {
    writeFileSync(config, text);
    chmodSync(config, mode);
    return { args: ['--config', config] };
  };
  const marker = () => join(fleet.data, 'blobs/sofie-vault');
  const mount = (...args) => execFileSync('mount', args, { stdio: 'ignore' });

  async function doctor({ env: more = {}, args = [], data = fleet.data } = {}) {
    const { code, stdout, stderr } = await fleet.run(['doctor', '--json', ...args, '--data-dir', data], { env: more });
    return { code, found: complaints(stdout || stderr) };
  }

  it('has nothing to say of a healthy installation', async () => {
    const { code, found } = await doctor();
    assertFound(found, []);
    assert.equal(code, 0);
  });

  // [name, seed() -> { env, args, data, undo }, the findings, why it can't be seeded here]
  const faults = () => [
    ['a key file that is gone', async () => {
      renameSync(kek, `${kek}.away`);
      return { undo: () => renameSync(`${kek}.away`, kek) };
    }, [['fail', 'key file', /is missing/]]],
    ['a key file that others may read', async () => {
      chmodSync(kek, 0o644);
      return { undo: () => chmodSync(kek, 0o400) };
    }, [['fail', 'key file', /mode is 644/]]],
    ['a key file of another account', async () => {
      chownSync(kek, user, user);
      return { undo: () => chownSync(kek, 0, 0) };
    }, [['fail', 'key file', /belongs to the account 65534/]], !ROOT && 'needs root'],
    ['a damaged key file', async () => {
      const text = readFileSync(kek, 'utf8');
      rmSync(kek);
      writeFileSync(kek, text.replace(/key = (.)/, (_, digit) => `key = ${digit === '0' ? '1' : '0'}`), { mode: 0o400 });
      return { undo: () => rmSync(kek) ?? writeFileSync(kek, text, { mode: 0o400 }) };
    }, [['fail', 'key file', /check value/]]],
    ['the key file of another installation', env({ SOFIE__KEYS__KEK_FILE: `${other}.kek` }), [['fail', 'keys in use', /none of the keys/]]],
    ['a key file among the data', async () => {
      const inside = join(fleet.data, 'kek');
      copyFileSync(kek, inside);
      return { env: { SOFIE__KEYS__KEK_FILE: inside }, undo: () => rmSync(inside) };
    }, [['fail', 'key file', /in the data directory/]]],
    ['a data directory that is not there', async () => ({ data: join(fleet.dir, 'nowhere'), env: { SOFIE__KEYS__KEK_FILE: kek } }),
      [['fail', 'data directory', /does not exist/]]],
    ['a data directory that others may read', async () => {
      chmodSync(fleet.data, 0o755);
      return { undo: () => chmodSync(fleet.data, 0o700) };
    }, [['warn', 'data directory', /mode 755/]]],
    ['a data directory that is mounted read-only', async () => {
      mount('--bind', fleet.data, fleet.data);
      mount('-o', 'remount,ro,bind', fleet.data);
      return { undo: () => execFileSync('umount', [fleet.data]) };
    }, [['fail', 'data directory', /Read-only/]], !ROOT && 'needs root'],
    ['a data directory that is nearly full', async () => {
      const small = join(fleet.dir, 'small');
      mkdirSync(small, { mode: 0o700 });
      mount('-t', 'tmpfs', '-o', 'size=600m,mode=700', 'tmpfs', small);
      cpSync(fleet.data, small, { recursive: true });
      return { data: small, env: { SOFIE__KEYS__KEK_FILE: kek }, undo: () => execFileSync('umount', [small]) };
    }, [['warn', 'free space', /are refused/]], !ROOT && 'needs root'],
    ['a data directory without names left', async () => {
      const few = join(fleet.dir, 'few');
      mkdirSync(few, { mode: 0o700 });
      mount('-t', 'tmpfs', '-o', 'size=40g,nr_inodes=340,mode=700', 'tmpfs', few);
      cpSync(fleet.data, few, { recursive: true });
      for (let at = 0; at < 320; at += 1) {
        try {
          writeFileSync(join(few, `${at}`), '');
        } catch {
          for (const name of [0, 1, 2, 3]) rmSync(join(few, `${at - 1 - name}`));
          break;
        }
      }
      return { data: few, env: { SOFIE__KEYS__KEK_FILE: kek }, undo: () => execFileSync('umount', [few]) };
    }, [['warn', 'free space', /inodes/]], !ROOT && 'needs root'],
    ['a store that is not mounted', async () => {
      renameSync(marker(), `${kek}.marker`);
      return { undo: () => renameSync(`${kek}.marker`, marker()) };
    }, [['fail', 'files', /marker is missing/]]],
    ['the store of another installation', async () => {
      const text = readFileSync(marker(), 'utf8');
      writeFileSync(marker(), 'sofie-vault-v1\ninstance = another\n');
      return { undo: () => writeFileSync(marker(), text) };
    }, [['fail', 'files', /names another instance/]]],
    ['two installations on one folder', env({ SOFIE__DATABASE__URL: postgres.url('owner_login', 'second'), SOFIE__KEYS__KEK_FILE: `${other}.kek` }),
      [['warn', 'database role', /owns the tables/], ['fail', 'files', /names another instance/]]],
    ['a bucket that is away', async () => ({ env: { ...new ObjectStore().env(), SOFIE__STORAGE__ENDPOINT: `http://127.0.0.1:${await freePort()}` } }),
      [['fail', 'files', /./]]],
    ['an empty bucket in the place of the files', async () => {
      const store = await ObjectStore.start();
      return { env: store.env(), undo: () => store.stop() };
    }, [['fail', 'files', /marker is missing/]]],
    ['a word of the configuration that is wrong', toml('[http]\nlistn = "127.0.0.1:1"\n', 0o600), [['fail', 'configuration', /listn/]]],
    ['a configuration whose secrets everybody can read', toml(`[database]\nkind = "server"\nurl = "${postgres.url('web_login', DATABASE)}"\n`, 0o644),
      [['fail', 'configuration', /mode 644/]]],
    ['an address that another program has', async () => {
      const server = createServer((socket) => socket.end('220 something else\r\n'));
      const port = await listening(server);
      return { env: { SOFIE__HTTP__LISTEN: `127.0.0.1:${port}` }, undo: () => server.close() };
    }, [['fail', 'web address', /another program/]]],
    ['a web server that everybody can reach without TLS', async () => ({ env: { SOFIE__HTTP__LISTEN: `0.0.0.0:${await freePort()}` } }),
      [['warn', 'web address', /every address/]]],
    ['trust in everybody as a proxy', env({ SOFIE__HTTP__TRUSTED_PROXIES: '["0.0.0.0/0"]' }), [['fail', 'trusted proxies', /everybody/]]],
    ['metrics for everybody', env({ SOFIE__METRICS__LISTEN: '0.0.0.0:9091' }), [['warn', 'metrics address', /anybody/]]],
    ['a database that is away', async () => ({ env: { SOFIE__DATABASE__URL: `postgres://web_login:x@127.0.0.1:${await freePort()}/${DATABASE}` } }),
      [['fail', 'database', /refused/]]],
    ['a wrong password of the database', env({ SOFIE__DATABASE__URL: postgres.url('web_login', DATABASE).replace('web_login-secret', 'guess') }),
      [['fail', 'database', /authentication failed/]]],
    ['a database whose certificate nobody vouches for', env({ SOFIE__DATABASE__URL: postgres.url('web_login', DATABASE, { ca: join(postgres.dir, 'stranger.pem') }) }),
      [['fail', 'database way', /certificate/]]],
    ['a database elsewhere that does not prove its name', env({ SOFIE__DATABASE__URL: 'postgres://u:p@192.0.2.1/files?sslmode=require' }),
      [['fail', 'database way', /would not be safe/]]],
    ['a role that owns the tables', env({ SOFIE__DATABASE__URL: postgres.url('owner_login', DATABASE) }), [['warn', 'database role', /owns the tables/]]],
    ['a role that may make tables', statement('grant create on schema public to web_login', 'revoke create on schema public from web_login'),
      [['warn', 'database role', /may make tables/]]],
    ['a schema that is behind', env({ SOFIE__DATABASE__URL: postgres.url('owner_login', 'fresh') }), [['fail', 'schema', /older than this program/]]],
    ['a schema that is ahead', statement(
      "insert into _sqlx_migrations values (9000, 'later', now(), true, '', 0); update schema_state set oldest_program = 9000",
      'delete from _sqlx_migrations where version = 9000; update schema_state set oldest_program = 1'),
    [['fail', 'schema', /newer than this program/]]],
    ['rights of another version', async () => {
      const rights = sql('select rights from schema_state');
      sql("update schema_state set rights = '\\x00'");
      return { undo: () => sql(`update schema_state set rights = '${rights}'`) };
    }, [['fail', 'schema', /rights of the database roles/]]],
    ['a database that takes no changes', statement('alter role web_login set default_transaction_read_only = on', 'alter role web_login reset default_transaction_read_only'),
      [['fail', 'database', /no changes/]]],
    ['a database that forgets what it confirmed', reloaded(system('fsync', 'off')), [['fail', 'database promises', /fsync switched off/]]],
    ['a role whose commits do not wait for the disk', statement('alter role web_login set synchronous_commit = off', 'alter role web_login reset synchronous_commit'),
      [['fail', 'database promises', /synchronous_commit/]]],
    ['more connections than the database has', env({ SOFIE__DATABASE__CONNECTIONS: '5000' }), [['warn', 'connections', /5000/]]],
    ['a clock that differs from that of the database', env({ LD_PRELOAD: FAKETIME, FAKETIME: '+10m', FAKETIME_DONT_FAKE_MONOTONIC: '1' }),
      [['fail', 'database clock', /differs from ours by (59|60)\d s/]], !FAKETIME && 'needs libfaketime'],
    ['a clock that is years behind', env({ LD_PRELOAD: FAKETIME, FAKETIME: '-4000d', FAKETIME_DONT_FAKE_MONOTONIC: '1' }),
      [['fail', 'clock', /before this program was built/]], !FAKETIME && 'needs libfaketime'],
    ['no address for links', setting('instance.base_url', '', 'https://localhost'), [['warn', 'address', /not set/]]],
    ['an address without TLS', setting('instance.base_url', 'http://localhost', 'https://localhost'), [['fail', 'address', /without TLS/]]],
    ['an address that does not exist', setting('instance.base_url', 'https://nothing.invalid', 'https://localhost'), [['fail', 'address', /no address/]]],
    ['no mail server', setting('mail.smtp_host', '', '127.0.0.1'), [['warn', 'mail', /no server/]]],
    ['a mail server that is away', async () => {
      set('mail.smtp_port', await freePort());
      return { undo: () => set('mail.smtp_port', box.port) };
    }, [['fail', 'mail', /refused/]]],
    ['a mail server that offers no TLS', setting('mail.smtp_security', 'starttls', 'none'), [['fail', 'mail', /STARTTLS/i]]],
    ['a mail server whose certificate nobody vouches for', mailServer(() => {
      const pem = (name) => readFileSync(join(postgres.dir, name));
      return createTlsServer({ cert: pem('stranger.pem'), key: pem('stranger.key') }, (socket) => socket.on('error', () => undefined)).on('tlsClientError', () => undefined);
    }, 'tls'), [['fail', 'mail', /certificate/]]],
    ['Kafka that is away', async () => ({ env: { SOFIE__KAFKA__BROKERS: `127.0.0.1:${await freePort()}` } }), [['warn', 'Kafka', /go on by the database/]]],
    ['Kafka that is named wrongly', env({ SOFIE__KAFKA__BROKERS: 'kafka1' }), [['fail', 'Kafka', /host:port/]]],
    ['an engine that is away', async () => {
      sql("update engines set config = replace(config::text, 'tcp:127.0.0.1:', 'tcp:127.0.0.2:')::jsonb, version = version + 1");
      return { undo: () => sql("update engines set config = replace(config::text, 'tcp:127.0.0.2:', 'tcp:127.0.0.1:')::jsonb, version = version + 1") };
    }, [['fail', 'ClamAV (clamd)', /./]]],
    ['an engine whose signatures are old', async () => {
      version = 'ClamAV 1.0.0/27000/Mon Jan  1 00:00:00 2024';
      return { undo: () => (version = null) };
    }, [['warn', 'ClamAV (clamd)', /signatures are \d{3,} days old/]]],
    ['a mandatory engine that is switched off', statement('update engines set enabled = false, version = version + 1', 'update engines set enabled = true, version = version + 1'),
      [['fail', 'ClamAV (clamd)', /switched off/], ['warn', 'antivirus', /none/]]],
    ['jobs that were given up', job('dead', '1 day'), [['warn', 'work', /given up/]]],
    ['jobs that nobody takes', job('queued', '1 hour'), [['warn', 'work', /nobody takes them/]]],
  ];

  it('finds each fault as what it is', { timeout: 900_000 }, async (context) => {
    const all = faults();
    const skipped = [];
    for (const [name, seed, expected, reason] of all) {
      if (reason) {
        skipped.push(`${name}: ${reason}`);
        continue;
      }
      const seeded = await seed();
      try {
        const { code, found } = await doctor(seeded);
        assertFound(found, expected);
        const failed = expected.some(([level]) => level === 'fail');
        assert.equal(code, failed ? (expected[0][1] === 'configuration' && /listn/.test(expected[0][2]) ? 78 : 1) : 0);
      } catch (error) {
        throw new Error(`${name}: ${error.message}`);
      } finally {
        await seeded.undo?.();
      }
    }
    context.diagnostic(`${all.length - skipped.length} faults found, ${skipped.length} could not be seeded: ${skipped.join('; ')}`);
  });

  it('has nothing to say again when all is mended', async () => {
    assertFound((await doctor()).found, []);
  });

  it('says it to people too, with what to do', async () => {
    const { stdout } = await fleet.run(['doctor', '--data-dir', fleet.data], { env: { SOFIE__METRICS__LISTEN: '0.0.0.0:9091' } });
    assert.match(stdout, /^warn +metrics address +0\.0\.0\.0:9091 can be reached by anybody\n +→ listen on 127\.0\.0\.1/m);
    assert.match(stdout, /\n\d+ checks, [12] warned, 0 failed\n$/);
  });
});

describe('the doctor from outside', () => {
  let sofie, nginx;
  const closed = (site) => site.replace(/location \/ \{ proxy_pass/, 'location ~ ^/(admin|api/v1/admin)(/|$) { deny all; }\n    location / { proxy_pass');
  const shaped = (edit) => async () => {
    await nginx.reshape((site) => {
      const edited = edit(closed(site));
      assert.notEqual(edited, closed(site), 'the site has no such line');
      return edited;
    });
    return {};
  };
  const aged = (days) => async () => {
    nginx.certify(days);
    await nginx.reshape(closed);
    return {};
  };
  /** A proxy that hands an answer on when all of it has come. nginx does not with small ones, however it is set. */
  async function collector() {
    const pem = (name) => readFileSync(join(nginx.dir, name));
    const proxy = createSecureServer({ cert: pem('cert.pem'), key: pem('key.pem') }, async (request, response) => {
      if (request.url.startsWith('/api/v1/admin')) return response.writeHead(404).end();
      const headers = { ...request.headers, 'x-real-ip': '203.0.113.9', 'x-forwarded-for': '203.0.113.9' };
      const onward = ask(`${sofie.url}${request.url}`, { method: request.method, headers }, async (answer) => {
        const chunks = [];
        for await (const chunk of answer) chunks.push(chunk);
        response.writeHead(answer.statusCode, { ...answer.headers, 'strict-transport-security': 'max-age=63072000' }).end(Buffer.concat(chunks));
      });
      request.pipe(onward.on('error', () => response.destroy()));
    });
    return { url: `https://localhost:${await listening(proxy)}`, undo: () => proxy.closeAllConnections() ?? proxy.close() };
  }
  before(async () => {
    sofie = await Sofie.start();
    nginx = await Nginx.start(join(sofie.dir, 'nginx'), [sofie.port]);
    nginx.certify(90);
    await nginx.reshape(closed);
  });
  after(async () => {
    await nginx?.stop();
    await sofie?.remove();
  });

  async function look({ url = nginx.url, ca = nginx.certificate } = {}) {
    const { code, stdout, stderr } = await sofie.run(['doctor', '--url', url, '--http-port', `${nginx.plainPort}`, '--json'], { env: { SSL_CERT_FILE: ca } });
    return { code, found: complaints(stdout || stderr) };
  }

  it('has nothing to say of the site that is shipped, closed for strangers to the administration', async () => {
    const { code, found } = await look();
    assertFound(found, []);
    assert.equal(code, 0);
  });

  const faults = () => [
    ['a name without an address', async () => ({ url: 'https://nothing.invalid' }), [['fail', 'name', /no address/]]],
    ['a port that nobody listens on', async () => ({ url: `https://localhost:${await freePort()}` }), [['fail', 'connection', /refused/]]],
    ['a certificate that nobody vouches for', async () => ({ ca: '/etc/ssl/certs/ca-certificates.crt' }), [['fail', 'certificate', /certificate/]]],
    ['a certificate for another name', async () => ({ url: nginx.url.replace('localhost', '127.0.0.1') }), [['fail', 'certificate', /not valid for name|certificate/i]]],
    ['a certificate that ends tomorrow', aged(2), [['fail', 'certificate', /for [12] more days/]]],
    ['a certificate that nobody renews', aged(10), [['warn', 'certificate', /for (9|10) more days/]]],
    ['a server behind the proxy that is down', shaped((site) => site.replace(/server 127\.0\.0\.1:\d+;/, 'server 127.0.0.1:1;')), [['fail', 'SOFiE', /something else/]]],
    ['plain HTTP that leads nowhere', shaped((site) => site.replace(/return 308 [^;]+;/, 'return 200 "hello";')), [['fail', 'plain HTTP', /answers 200/]]],
    ['no HSTS', shaped((site) => site.replace(/add_header Strict[^;]+;/, '')), [['warn', 'HSTS', /not told/]]],
    ['HSTS for a day', shaped((site) => site.replace('max-age=63072000', 'max-age=86400')), [['warn', 'HSTS', /half a year/]]],
    ['headers that are held back', shaped((site) => site.replace('proxy_hide_header', 'proxy_hide_header Content-Security-Policy; proxy_hide_header')),
      [['fail', 'headers', /content-security-policy/]]],
    ['an address that is not passed on', shaped((site) => site.replace(/proxy_set_header X-Real-IP[^;]+;/, 'proxy_set_header X-Real-IP "";').replace(/proxy_set_header X-Forwarded-For[^;]+;/, 'proxy_set_header X-Forwarded-For "";')),
      [['fail', 'client address', /not passed on/]]],
    ['an address that anybody may make up', shaped((site) => site.replace(/(proxy_set_header X-Real-IP)[^;]+;/, '$1 $http_x_real_ip;')), [['fail', 'client address', /made-up/]]],
    ['a name that is not passed on', shaped((site) => site.replace(/proxy_set_header Host [^;]+;/, '')), [['warn', 'host name', /called sofie/]]],
    ['answers that are collected', collector, [['fail', 'downloads', /collected/]]],
    ['bodies that are collected', shaped((site) => site.replace('proxy_request_buffering off', 'proxy_request_buffering on')), [['fail', 'uploads', /collected/]]],
    ['a limit of bodies', shaped((site) => site.replace('client_max_body_size 0', 'client_max_body_size 1m')), [['fail', 'uploads', /large files/]]],
    ['an administration that is open to all', async () => nginx.reshape(), [['warn', 'administration', /from here/]]],
    ['an address without TLS', async () => ({ url: nginx.plainUrl }), [['fail', 'TLS', /https/]]],
  ];

  it('finds each fault of the way to the server', { timeout: 600_000 }, async (context) => {
    for (const [name, seed, expected] of faults()) {
      try {
        const seeded = (await seed()) ?? {};
        const { code, found } = await look(seeded);
        seeded.undo?.();
        assertFound(found, expected);
        assert.equal(code, expected.some(([level]) => level === 'fail') ? 1 : 0);
      } catch (error) {
        throw new Error(`${name}: ${error.message}`);
      } finally {
        if (name.startsWith('a certificate that')) nginx.certify(90);
        await nginx.reshape(closed);
      }
    }
    context.diagnostic(`${faults().length} faults found`);
  });
});
