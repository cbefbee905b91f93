// A small S3-compatible object store in this process: it checks signatures and digests (Signature Version 4), honours
// If-None-Match and ranges, lists in pages, and fails on request.
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from './certificate.mjs';

const PAGE = 50;
const SKEW = 15 * 60_000;

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const hmac = (key, data) => createHmac('sha256', key).update(data).digest();
const escape = (text) => text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);

class Refusal extends Error {
  constructor(status, code, message = code) {
    super(message);
    Object.assign(this, { status, code });
  }
}

export class ObjectStore {
  #server;
  #sockets = new Set();
  /** Where its certificate is, if it has one. */
  #dir;
  /** Objects by key: { body, modified }. */
  objects = new Map();
  /** What it did, by method. */
  requests = {};
  /** Whether it takes nothing more; answers nobody; how far its clock is ahead. */
  full = false;
  down = false;
  ahead = 0;

  constructor({ bucket = 'files', accessKey = 'us', secretKey = 'the-secret-of-the-store', region = 'eu-west-1' } = {}) {
    Object.assign(this, { bucket, accessKey, secretKey, region });
  }

  /** With `tls` it has a certificate that signed itself. */
  static async start({ tls = false, ...options } = {}) {
    const store = new ObjectStore(options);
    const serve = store.#serve.bind(store);
    if (tls) {
      store.#dir = mkdtempSync(join(tmpdir(), 'sofie-s3-'));
      const { certificate, key, path } = selfSigned(store.#dir);
      store.certificate = path;
      store.#server = createTlsServer({ cert: certificate, key }, serve);
    } else {
      store.#server = createServer(serve);
    }
    // Not `secureConnection`: going down cuts whoever is only just shaking hands too.
    store.#server.on('connection', (socket) => {
      store.#sockets.add(socket);
      socket.on('close', () => store.#sockets.delete(socket));
    });
    store.#server.listen(0, '127.0.0.1');
    await once(store.#server, 'listening');
    store.endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${store.#server.address().port}`;
    return store;
  }

  /** The section `storage` of a server on this store, as its environment. */
  env(prefix = '') {
    const values = {
      KIND: 's3', ENDPOINT: this.endpoint, BUCKET: this.bucket, PREFIX: prefix, REGION: this.region,
      ACCESS_KEY: this.accessKey, SECRET_KEY: this.secretKey, ...(this.certificate && { CA_FILE: this.certificate }),
    };
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [`SOFIE__STORAGE__${name}`, value]));
  }

  keys(part = '') {
    return [...this.objects.keys()].filter((key) => key.includes(part)).sort();
  }

  /** Goes away, connections and all, until `down` is false again. */
  goDown() {
    this.down = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop() {
    this.goDown();
    this.#server.close();
    await once(this.#server, 'close');
    if (this.#dir) rmSync(this.#dir, { recursive: true });
  }

  async #serve(request, response) {
    if (this.down) return request.socket.destroy();
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      this.requests[request.method] = (this.requests[request.method] ?? 0) + 1;
      const url = new URL(request.url, this.endpoint);
      this.#authenticate(request, url, body);
      const { status = 200, headers = {}, content = '' } = this.#answer(request, url, body);
      response.writeHead(status, headers).end(request.method === 'HEAD' ? '' : content);
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      const { status = 500, code = 'InternalError', message } = error;
      response.writeHead(status, { 'Content-Type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${escape(message)}</Message></Error>`);
    }
  }

  #authenticate(request, url, body) {
    const wanted = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
    const [, key, day, region, signed, signature] = (request.headers.authorization ?? '').match(wanted) ?? [];
    if (!signature) throw new Refusal(403, 'AccessDenied', 'there is no signature');
    if (key !== this.accessKey) throw new Refusal(403, 'InvalidAccessKeyId');
    if (region !== this.region) throw new Refusal(400, 'AuthorizationHeaderMalformed', `the region is ${this.region}`);
    const date = request.headers['x-amz-date'];
    const [, y, m, d, hh, mm, ss] = date.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/);
    if (Math.abs(Date.UTC(y, m - 1, d, hh, mm, ss) - this.#now()) > SKEW) throw new Refusal(403, 'RequestTimeTooSkewed');
    const digest = request.headers['x-amz-content-sha256'];
    if (digest !== sha256(body)) throw new Refusal(400, 'XAmzContentSHA256Mismatch');
    const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join('&');
    const names = signed.split(';');
    if (!names.includes('host')) throw new Refusal(403, 'AccessDenied', 'the host is not signed');
    const headers = names.map((name) => `${name}:${(request.headers[name] ?? '').trim()}\n`).join('');
    const canonical = [request.method, url.pathname, query, headers, signed, digest].join('\n');
    const scope = `${day}/${region}/s3/aws4_request`;
    const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
    const signing = [day, region, 's3', 'aws4_request'].reduce(hmac, `AWS4${this.secretKey}`);
    if (hmac(signing, text).toString('hex') !== signature) throw new Refusal(403, 'SignatureDoesNotMatch');
  }

  #now() {
    return Date.now() + this.ahead;
  }

  #answer(request, url, body) {
    const [, bucket, ...rest] = url.pathname.split('/');
    if (bucket !== this.bucket) throw new Refusal(404, 'NoSuchBucket');
    const key = decodeURIComponent(rest.join('/'));
    if (key === '' && request.method === 'GET') return this.#list(url.searchParams);
    if (request.method === 'PUT') return this.#put(key, body, request.headers);
    if (request.method === 'DELETE') {
      this.objects.delete(key);
      return { status: 204 };
    }
    const found = this.objects.get(key);
    if (!found) throw new Refusal(404, 'NoSuchKey');
    return this.#get(found, request.headers.range);
  }

  #put(key, body, headers) {
    if (headers['if-none-match'] === '*' && this.objects.has(key)) throw new Refusal(412, 'PreconditionFailed');
    if (this.full) throw new Refusal(507, 'XMinioStorageFull', 'there is no room left');
    this.objects.set(key, { body, modified: new Date(this.#now()) });
    return { headers: { ETag: `"${sha256(body).slice(0, 32)}"` } };
  }

  #get({ body, modified }, range) {
    const headers = { ETag: `"${sha256(body).slice(0, 32)}"`, 'Last-Modified': modified.toUTCString() };
    const [, first, last] = range?.match(/^bytes=(\d+)-(\d*)$/) ?? [];
    if (first === undefined) return { headers: { ...headers, 'Content-Length': body.length }, content: body };
    if (Number(first) >= body.length) throw new Refusal(416, 'InvalidRange');
    const content = body.subarray(Number(first), last === '' ? body.length : Number(last) + 1);
    const end = Number(first) + content.length - 1;
    return { status: 206, headers: { ...headers, 'Content-Length': content.length, 'Content-Range': `bytes ${first}-${end}/${body.length}` }, content };
  }

  #list(query) {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const all = this.keys().filter((key) => key.startsWith(prefix) && key > after);
    const page = all.slice(0, PAGE);
    const contents = page.map((key) => {
      const { body, modified } = this.objects.get(key);
      return `<Contents><Key>${escape(key)}</Key><LastModified>${modified.toISOString()}</LastModified><Size>${body.length}</Size></Contents>`;
    });
    const more = all.length > page.length;
    const next = more ? `<NextContinuationToken>${escape(page.at(-1))}</NextContinuationToken>` : '';
    return {
      headers: { 'Content-Type': 'application/xml' },
      content: `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
    };
  }
}
