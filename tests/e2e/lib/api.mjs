// A small client of the HTTP API with a token or with cookies, on node's own http: nothing is hidden.
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { createHash } from 'node:crypto';
import { until } from './sofie.mjs';

/** Sends one request. `body` is a string, a Buffer or a stream. Returns status, headers and the whole body. */
export async function send(url, { method = 'GET', headers = {}, body, tls = {}, sink } = {}) {
  const { protocol } = new URL(url);
  return await new Promise((resolve, reject) => {
    // A connection of its own: a kept one may have been closed by the server just now, after a pause of this process.
    const options = { method, headers, agent: false, ...tls };
    const outgoing = (protocol === 'https:' ? requestTls : request)(url, options, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => (sink ? sink(chunk) : chunks.push(chunk)));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    outgoing.on('error', reject);
    if (body && typeof body.pipe === 'function') body.on('error', reject).pipe(outgoing);
    else outgoing.end(body);
  });
}

export class Api {
  constructor(url, { token, tls } = {}) {
    this.base = `${url}/api/v1`;
    this.origin = url;
    this.token = token;
    this.tls = tls;
    this.cookies = new Map();
  }

  headers() {
    const headers = { 'X-Sofie': '1' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (this.cookies.size > 0) {
      headers.Cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      headers.Origin = this.origin;
    }
    return headers;
  }

  /** Sends a request and returns the raw answer. */
  async raw(method, path, { body, headers = {}, sink } = {}) {
    const answer = await send(`${this.base}${path}`, {
      method, body, sink, tls: this.tls, headers: { ...this.headers(), ...headers },
    });
    for (const cookie of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  /** Sends JSON, wants JSON back; throws for anything but success. */
  async json(method, path, body) {
    const answer = await this.raw(method, path, {
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body.length === 0 ? null : JSON.parse(answer.body);
  }

  async package(fields) {
    return await this.json('POST', '/packages', fields);
  }

  /** Uploads by PUT; returns the file's record. */
  async put(id, path, body, size = body.length) {
    const escaped = path.split('/').map(encodeURIComponent).join('/');
    const answer = await this.raw('PUT', `/packages/${id}/files/${escaped}`, {
      body, headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': size },
    });
    if (answer.status !== 201) throw new Error(`PUT ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  /** Sends a package and waits until the checks are over. */
  async deliver(id, within = 60_000) {
    await this.json('POST', `/packages/${id}/send`);
    return await this.settled(id, within);
  }

  async settled(id, within = 60_000) {
    return await until(`the checks of ${id} are over`, async () => {
      const found = await this.json('GET', `/packages/${id}`);
      return ['draft', 'uploading', 'checking'].includes(found.state) ? null : found;
    }, within);
  }

  content(id, file) {
    return `/packages/${id}/files/${file}/content`;
  }
}

export const sha256 = (data) => createHash('sha256').update(data).digest('hex');
