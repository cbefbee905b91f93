// A certificate by ACME, as the manual says: certbot in the webroot of the shipped site, an ACME server (Pebble) that fetches the
// challenge from it, and nginx takes the certificate over while somebody downloads.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { Api, send } from '../lib/api.mjs';
import { Nginx } from '../lib/nginx.mjs';
import { zeros } from '../lib/samples.mjs';
import { Sofie, freePort, until } from '../lib/sofie.mjs';

const NAME = 'files.example.test';
const SIZE = 100 << 20;

describe('a certificate by ACME', () => {
  let sofie, nginx, alice, dir, webroot, certbot, directory;
  const children = [];

  const start = (program, args, env = {}) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    children.push(child);
    return child;
  };
  /** The shipped site, for this name and webroot, with the certificate of a folder. */
  const site = (folder) => (text) => {
    const named = text.replaceAll('server_name localhost;', `server_name ${NAME};`).replaceAll('/var/www/html', webroot);
    if (!folder) return named;
    return named
      .replaceAll(/ssl_certificate_key\s[^;]*;/g, `ssl_certificate_key ${folder}/privkey.pem;`)
      .replaceAll(/ssl_certificate\s[^;]*;/g, `ssl_certificate ${folder}/fullchain.pem;`);
  };

  before(async () => {
    sofie = await Sofie.start();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    dir = join(sofie.dir, 'acme');
    webroot = join(dir, 'webroot');
    certbot = join(dir, 'certbot');
    mkdirSync(webroot, { recursive: true });
    nginx = await Nginx.start(join(sofie.dir, 'nginx'), [sofie.port]);
    await nginx.reshape(site(null));
    const [dns, acme, management, names] = [await freePort(), await freePort(), await freePort(), await freePort()];
    // Pebble's own certificate, for its API.
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', 'pebble.key', '-out', 'pebble.pem', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=DNS:localhost'], { cwd: dir, stdio: 'ignore' });
    writeFileSync(join(dir, 'pebble.json'), JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${acme}`, managementListenAddress: `127.0.0.1:${management}`,
        certificate: join(dir, 'pebble.pem'), privateKey: join(dir, 'pebble.key'),
        httpPort: nginx.plainPort, tlsPort: Number(new URL(nginx.url).port),
      },
    }));
    // Every name is this machine.
    start('pebble-challtestsrv', ['-management', `127.0.0.1:${names}`, '-dns01', `127.0.0.1:${dns}`, '-defaultIPv4', '127.0.0.1', '-defaultIPv6', '',
      '-http01', '', '-https01', '', '-tlsalpn01', '']);
    start('pebble', ['-config', join(dir, 'pebble.json'), '-dnsserver', `127.0.0.1:${dns}`], { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' });
    directory = `https://localhost:${acme}/dir`;
    const ca = readFileSync(join(dir, 'pebble.pem'));
    await until('Pebble answers', () => send(directory, { tls: { ca } }).then(({ status }) => status === 200, () => false));
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await nginx?.stop();
    await sofie?.remove();
  });

  const plain = (path) => send(`${nginx.plainUrl}${path}`, { headers: { Host: NAME } });

  it('serves challenges on port 80, and nothing else of the webroot', async () => {
    mkdirSync(join(webroot, '.well-known/acme-challenge'), { recursive: true });
    writeFileSync(join(webroot, '.well-known/acme-challenge/token'), 'the answer');
    writeFileSync(join(webroot, '.well-known/other'), 'not this');
    writeFileSync(join(webroot, 'index.html'), 'nor this');
    const found = await plain('/.well-known/acme-challenge/token');
    assert.deepEqual([found.status, found.body.toString()], [200, 'the answer']);
    assert.equal((await plain('/.well-known/acme-challenge/none')).status, 404);
    assert.equal((await plain('/.well-known/acme-challenge/')).status, 403, 'it lists nothing');
    for (const path of ['/.well-known/other', '/index.html', '/.well-known/acme-challenge/../other', '/.well-known/acme-challenge/%2e%2e/other']) {
      const led = await plain(path);
      assert.equal(led.status, 308, path);
      assert.match(led.headers.location, new RegExp(`^https://${NAME}/`));
    }
  });

  /** Who signed what a new connection is shown. */
  const issuer = () =>
    new Promise((done, fail) => {
      const socket = connect({ host: 'localhost', port: Number(new URL(nginx.url).port), servername: NAME, rejectUnauthorized: false }, () => {
        done(socket.getPeerCertificate().issuer.CN);
        socket.destroy();
      });
      socket.on('error', fail);
    });

  it('gets one by the webroot, and nginx takes it over without breaking off a download', async () => {
    const args = ['certonly', '--webroot', '--webroot-path', webroot, '--domain', NAME, '--server', directory, '--agree-tos', '--register-unsafely-without-email',
      '--non-interactive', '--config-dir', certbot, '--work-dir', join(dir, 'work'), '--logs-dir', join(dir, 'logs')];
    const run = start('certbot', args, { REQUESTS_CA_BUNDLE: join(dir, 'pebble.pem') });
    const [code] = await once(run, 'exit');
    assert.equal(code, 0, readFileSync(join(dir, 'logs/letsencrypt.log'), 'utf8').slice(-2000));

    // Somebody downloads slowly, under the old certificate.
    const { id } = await alice.package({ type: 'public' });
    await alice.put(id, 'zeros.bin', zeros(SIZE), SIZE);
    const pack = await alice.deliver(id, 120_000);
    assert.equal(await issuer(), 'localhost');
    const headers = { Host: NAME, Authorization: `Bearer ${alice.token}` };
    const path = `${nginx.url}/api/v1${alice.content(id, pack.files[0].id)}`;
    const asked = request(path, { headers, ca: nginx.ca, servername: 'localhost', checkServerIdentity: () => undefined }).end();
    const [answer] = await once(asked, 'response');
    assert.equal(answer.statusCode, 200);
    let read = 0;
    answer.on('data', (chunk) => (read += chunk.length));
    await once(answer, 'data');
    answer.pause();

    nginx.reload(site(join(certbot, 'live', NAME)));
    await until('new connections are shown the new certificate', async () => /Pebble Intermediate/.test(await issuer()));
    assert.ok(read < SIZE, 'the download is under way');
    answer.resume();
    await once(answer, 'end');
    assert.equal(read, SIZE);
    const page = await send(`${nginx.url}/readyz`, { headers: { Host: NAME }, tls: { rejectUnauthorized: false } });
    assert.equal(page.status, 200);
  });
});
