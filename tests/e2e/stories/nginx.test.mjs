// Behind nginx with TLS, with the site file that is shipped: names, cookies, streaming both ways, no buffering to disk.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api, send, sha256 } from '../lib/api.mjs';
import { Nginx } from '../lib/nginx.mjs';
import { noise, zeros } from '../lib/samples.mjs';
import { Sofie } from '../lib/sofie.mjs';

describe('behind nginx', () => {
  let sofie, nginx, url, plainUrl, token, alice, ca, dir;
  before(async () => {
    sofie = await Sofie.start();
    token = await sofie.addUser('alice@example.org');
    dir = join(sofie.dir, 'nginx');
    nginx = await Nginx.start(dir, [sofie.port]);
    ({ url, plainUrl, ca } = nginx);
    alice = new Api(url, { token, tls: { ca } });
  });
  after(async () => {
    await nginx?.stop();
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
