// A simulated HashiCorp Vault: the Transit engine and AppRole, from the documentation of its HTTP API. Guesses: the words
// of its refusals.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

export const TOKEN = 'hvs.of-a-test';

export class Vault {
  /** `sealed`: 503 to everything; `revoked`: 403 to everything that uses the key. */
  sealed = false;
  revoked = false;
  decrypts = 0;
  #key = randomBytes(32);
  #server;

  static async start() {
    const vault = new Vault();
    vault.#server = createServer((request, response) => void vault.#answer(request, response));
    vault.#server.listen(0, '127.0.0.1');
    await once(vault.#server, 'listening');
    vault.url = `http://127.0.0.1:${vault.#server.address().port}`;
    return vault;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = pieces.length > 0 ? JSON.parse(Buffer.concat(pieces)) : {};
    const [status, answer] = this.#act(request, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #act({ method, url, headers }, body) {
    const refuse = (status, words) => [status, { errors: [words] }];
    if (this.sealed) return refuse(503, 'Vault is sealed');
    if (headers['x-vault-token'] !== TOKEN) return refuse(403, 'permission denied');
    if (method === 'GET' && url === '/v1/transit/keys/sofie') return [200, { data: { derived: true, exportable: false } }];
    if (this.revoked) return refuse(403, 'permission denied');
    // A derived key: another one for each context.
    const key = createHash('sha256').update(this.#key).update(body.context ?? '').digest();
    if (url === '/v1/transit/encrypt/sofie') {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const sealed = Buffer.concat([nonce, cipher.update(Buffer.from(body.plaintext, 'base64')), cipher.final(), cipher.getAuthTag()]);
      return [200, { data: { ciphertext: `vault:v1:${sealed.toString('base64')}` } }];
    }
    if (url === '/v1/transit/decrypt/sofie') {
      this.decrypts += 1;
      const sealed = Buffer.from(body.ciphertext.slice('vault:v1:'.length), 'base64');
      const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
      cipher.setAuthTag(sealed.subarray(-16));
      try {
        const plain = Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
        return [200, { data: { plaintext: plain.toString('base64') } }];
      } catch {
        return refuse(400, 'cipher: message authentication failed');
      }
    }
    return [404, { errors: [] }];
  }
}
