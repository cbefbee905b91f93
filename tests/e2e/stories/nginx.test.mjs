// Behind nginx with TLS, with the site file that is shipped: names, cookies, streaming both ways, no buffering to disk.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Api, send, sha256 } from '../lib/api.mjs';
import { noise, zeros } from '../lib/samples.mjs';
import { Sofie, until } from '../lib/sofie.mjs';

const SITE = join(dirname(fileURLToPath(import.meta.url)), '../../../packaging/nginx/sofie.conf');

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

describe('behind nginx', () => {
  let sofie, nginx, url, plainUrl, token, alice, ca, dir;
  before(async () => {
    sofie = await Sofie.start();
    token = await sofie.addUser('alice@example.org');
    dir = join(sofie.dir, 'nginx');
    mkdirSync(join(dir, 'tmp'), { recursive: true });
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', 'key.pem', '-out', 'cert.pem',
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE'], { cwd: dir, stdio: 'ignore' });
    ca = readFileSync(join(dir, 'cert.pem'));
    const [plain, tls] = [await freePort(), await freePort()];
    // The shipped site, with this run's ports, name and certificate.
    const site = readFileSync(SITE, 'utf8')
      .replaceAll('127.0.0.1:9090', `127.0.0.1:${sofie.port}`)
      .replaceAll(/listen\s+80;/g, `listen 127.0.0.1:${plain};`)
      .replaceAll(/listen\s+443 /g, `listen 127.0.0.1:${tls} `)
      .replaceAll(/\n\s*listen \[::\]:[^\n]*/g, '')
      .replaceAll('sofie.example.org', 'localhost')
      .replaceAll(/ssl_certificate_key\s[^;]*;/g, `ssl_certificate_key ${dir}/key.pem;`)
      .replaceAll(/ssl_certificate\s[^;]*;/g, `ssl_certificate ${dir}/cert.pem;`);
    writeFileSync(join(dir, 'site.conf'), site);
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${dir}/tmp/${kind};`).join('\n');
    const user = process.getuid() === 0 ? 'user root;' : '';
    writeFileSync(join(dir, 'nginx.conf'), `${user} daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
      events { worker_connections 512; }
      http { access_log ${dir}/access.log; ${temp} include ${dir}/site.conf; }`);
    nginx = spawn('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], { stdio: 'inherit' });
    url = `https://localhost:${tls}`;
    plainUrl = `http://localhost:${plain}`;
    await until('nginx answers', () => {
      if (nginx.exitCode !== null) throw new Error(`nginx ended: ${readFileSync(join(dir, 'error.log'), 'utf8')}`);
      return send(`${url}/readyz`, { tls: { ca } }).then(({ status }) => status === 200, () => false);
    });
    alice = new Api(url, { token, tls: { ca } });
  });
  after(async () => {
    if (nginx && nginx.exitCode === null) {
      nginx.kill('SIGQUIT');
      await once(nginx, 'exit');
    }
    await sofie?.remove();
  });

  it('uploads and fetches with the command line', async () => {
    const data = noise(20 << 20);
    writeFileSync(join(sofie.dir, 'work', 'data.bin'), data);
    const env = { SSL_CERT_FILE: join(dir, 'cert.pem') };
    const sent = await sofie.run(['send', 'data.bin', '--server', url, '--token', token, '--type', 'public', '--wait', '--json'], { env });
    assert.equal(sent.code, 0, sent.stderr);
    const { link } = JSON.parse(sent.stdout.trim().split('\n').at(-1));
    const secret = link.split('#')[1];
    const got = await sofie.run(['get', `${url}/p#${secret}`, '-o', 'out'], { env });
    assert.equal(got.code, 0, got.stderr);
    assert.equal(sha256(readFileSync(join(sofie.dir, 'work/out/data.bin'))), sha256(data));
  });

  it('passes a body larger than its buffers without a copy on the disk', async () => {
    const size = 200 << 20;
    const { id } = await alice.package({ type: 'public' });
    let most = 0;
    const watch = setInterval(() => {
      for (const kind of ['client_body', 'proxy']) {
        const path = join(dir, 'tmp', kind);
        if (existsSync(path)) most = Math.max(most, readdirSync(path, { recursive: true }).filter((name) => /\d{10}/.test(name)).length);
      }
    }, 5);
    await alice.put(id, 'zeros.bin', zeros(size), size);
    const pack = await alice.deliver(id, 120_000);
    assert.equal(pack.state, 'delivered');
    let read = 0;
    let start = '';
    const sink = (chunk) => {
      if (read === 0) start = chunk.subarray(0, 400).toString();
      read += chunk.length;
    };
    const answer = await alice.raw('GET', alice.content(id, pack.files[0].id), { sink });
    clearInterval(watch);
    assert.deepEqual([answer.status, read], [200, size], `${start} ${JSON.stringify(pack)}`);
    assert.equal(most, 0, 'nginx buffered a body in a file');
  });

  it('tells the server who asks, and the visitor that TLS is on', async () => {
    const page = await send(`${url}/`, { tls: { ca } });
    assert.equal(page.status, 200);
    // One header, not the server's and nginx's.
    assert.match(page.headers['strict-transport-security'], /^max-age=\d+$/);
    assert.equal((await send(`${url}/metrics`, { tls: { ca } })).status, 404);
  });

  it('leads browsers to TLS, and refuses programs that come without it', async () => {
    const page = await send(`${plainUrl}/p`);
    assert.deepEqual([page.status, page.headers.location], [308, 'https://localhost/p']);
    const refused = await send(`${plainUrl}/api/v1/packages`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual([refused.status, refused.headers.location], [403, undefined]);
  });
});
