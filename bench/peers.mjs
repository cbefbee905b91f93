// The programs that are compared, each started on a folder of the same disk. A peer knows how to take one large file (`up`),
// how to take many small ones (`small`), and where a large file is fetched from (`get`).
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Api } from '../tests/e2e/lib/api.mjs';
import { Sofie, until } from '../tests/e2e/lib/sofie.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const TUS = ['-H', 'Tus-Resumable: 1.0.0'];

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs a program without holding this one up: it also takes the servers' output. */
export const run = promisify(execFile);

const curl = async (...args) => (await run('curl', ['-sS', '-f', '--max-time', '300', ...args], { maxBuffer: 1 << 24 })).stdout;

// Minutes pass between calls; a connection kept from before is closed by then.
http.globalAgent = new http.Agent({ keepAlive: false });

async function answering(url) {
  await until(`${url} answers`, () => fetch(url).then(() => true, () => false), 30_000);
}

class Process {
  constructor(child) {
    this.child = child;
    this.pid = child.pid;
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }
}

export async function nginx(dir, tuned) {
  const port = await freePort();
  mkdirSync(join(dir, 'files'), { recursive: true });
  mkdirSync(join(dir, 'tmp'));
  const more = tuned ? 'client_body_buffer_size 1m; tcp_nopush off;' : 'tcp_nopush on;';
  const temp = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${dir}/tmp/${kind};`).join(' ');
  writeFileSync(join(dir, 'nginx.conf'), `${process.getuid() === 0 ? 'user root;' : ''} daemon off; worker_processes 2; pid ${dir}/pid; error_log ${dir}/error.log;
    events { worker_connections 1024; }
    http { access_log off; sendfile on; keepalive_requests 1000000; client_max_body_size 0; client_body_temp_path ${dir}/tmp/body; ${temp} ${more}
      server { listen 127.0.0.1:${port}; root ${dir}/files; location / { dav_methods PUT DELETE; create_full_put_path on; } } }`);
  const child = spawn('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], { stdio: 'inherit' });
  const base = `http://127.0.0.1:${port}`;
  await answering(base);
  return Object.assign(new Process(child), {
    name: tuned ? 'nginx tuned' : 'nginx default',
    up: (file, name) => curl('-T', file, '-H', 'Expect:', `${base}/${name}`),
    drop: (name) => curl('-X', 'DELETE', `${base}/${name}`),
    small: (run) => ({ url: base, args: ['put', run, '-', `/small-${run}/`] }),
    get: (name) => ({ url: `${base}/${name}` }),
  });
}

function tus(name, child, base, store) {
  const create = async (size) => {
    const head = await curl('-D', '-', '-o', '/dev/null', '-X', 'POST', ...TUS, '-H', `Upload-Length: ${size}`, '-H', 'Upload-Metadata: filename YQ==', `${base}/files`);
    return new URL(head.match(/^location:\s*(\S+)/im)[1], base).href;
  };
  const known = new Map();
  return Object.assign(new Process(child), {
    name,
    up: async (file, key, size) => {
      const url = await create(size);
      known.set(key, url);
      await curl('-X', 'PATCH', '-T', file, '-H', 'Expect:', ...TUS, '-H', 'Upload-Offset: 0', '-H', 'Content-Type: application/offset+octet-stream', url);
    },
    drop: (key) => curl('-X', 'DELETE', ...TUS, known.get(key)),
    small: (run) => ({ url: base, args: ['tus', run, '-', '/files'] }),
    get: (key) => ({ url: known.get(key) }),
    store,
  });
}

export async function tusNode(dir) {
  const port = await freePort();
  mkdirSync(join(dir, 'files'), { recursive: true });
  const child = spawn(process.execPath, [join(here, 'tus-node.mjs'), port, join(dir, 'files')], { stdio: ['ignore', 'ignore', 'inherit'] });
  await answering(`http://127.0.0.1:${port}/`);
  return tus('tus-node', child, `http://127.0.0.1:${port}`);
}

export async function rustus(dir) {
  const binary = process.env.RUSTUS_BIN;
  if (!binary || !existsSync(binary)) return null;
  const port = await freePort();
  mkdirSync(join(dir, 'files'), { recursive: true });
  const args = ['--host', '127.0.0.1', '--port', port, '--data-dir', join(dir, 'files'), '--info-dir', join(dir, 'info'), '--max-body-size', 2 ** 31, '--log-level', 'ERROR'];
  const child = spawn(binary, args, { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
  await answering(`http://127.0.0.1:${port}/`);
  return tus('rustus', child, `http://127.0.0.1:${port}`);
}

export async function sofie() {
  // Like the others: no line per request.
  const server = await Sofie.start({ SOFIE__LOG__FILTER: 'warn' });
  const token = await server.addUser('bench@example.org');
  const api = new Api(server.url, { token });
  const authorised = ['-H', `Authorization: Bearer ${token}`];
  const files = new Map();
  return {
    name: 'SOFiE',
    get pid() {
      return server.pid;
    },
    stop: () => server.remove(),
    // As the other end sees it: when the answer is here, the file is encrypted, synced and in the database.
    prepare: async () => (await api.package({ type: 'public' })).id,
    up: async (file, key, _, id) => {
      files.set(key, { id, file: JSON.parse(await curl('-T', file, '-H', 'Expect:', '-H', 'Content-Type: application/octet-stream', ...authorised, `${api.base}/packages/${id}/files/${key}`)).id });
    },
    drop: async (key) => void await api.json('DELETE', `/packages/${files.get(key).id}`),
    /** Nothing is served before its checks are over. */
    deliver: async (key) => void await api.deliver(files.get(key).id, 300_000),
    small: async (run) => {
      const packages = [];
      for (let i = 0; i < 12; i += 1) packages.push((await api.package({ type: 'public' })).id);
      return { url: server.url, args: ['put', run, token, ...packages.map((id) => `/api/v1/packages/${id}/files/`)] };
    },
    get: (key) => {
      const { id, file } = files.get(key);
      return { url: `${server.url}/api/v1/packages/${id}/files/${file}/content`, token };
    },
  };
}
