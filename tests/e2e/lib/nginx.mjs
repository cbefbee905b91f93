// nginx with the site file that is shipped, with a name, ports and a certificate of this run.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { send } from './api.mjs';
import { freePort, until } from './sofie.mjs';

const SITE = join(dirname(fileURLToPath(import.meta.url)), '../../../packaging/nginx/sofie.conf');

export class Nginx {
  #process;
  #site;

  /** Starts nginx in front of web servers on these ports, with its files in `dir`, and waits until it answers. */
  static async start(dir, ports) {
    const nginx = new Nginx();
    nginx.dir = dir;
    mkdirSync(join(dir, 'tmp'), { recursive: true });
    nginx.certificate = join(dir, 'cert.pem');
    nginx.certify(2);
    const [plain, tls] = [await freePort(), await freePort()];
    const site = readFileSync(SITE, 'utf8')
      .replaceAll('server 127.0.0.1:9090;', ports.map((port) => `server 127.0.0.1:${port};`).join('\n    '))
      .replaceAll(/listen\s+80;/g, `listen 127.0.0.1:${plain};`)
      .replaceAll(/listen\s+443 /g, `listen 127.0.0.1:${tls} `)
      .replaceAll(/\n\s*listen \[::\]:[^\n]*/g, '')
      .replaceAll('sofie.example.org', 'localhost')
      .replaceAll(/ssl_certificate_key\s[^;]*;/g, `ssl_certificate_key ${dir}/key.pem;`)
      .replaceAll(/ssl_certificate\s[^;]*;/g, `ssl_certificate ${dir}/cert.pem;`);
    nginx.#site = site;
    writeFileSync(join(dir, 'site.conf'), site);
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${dir}/tmp/${kind};`).join('\n');
    const user = process.getuid() === 0 ? 'user root;' : '';
    writeFileSync(join(dir, 'nginx.conf'), `${user} daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
      events { worker_connections 512; }
      http { access_log ${dir}/access.log; ${temp} include ${dir}/site.conf; }`);
    nginx.url = `https://localhost:${tls}`;
    nginx.plainPort = plain;
    nginx.plainUrl = `http://localhost:${plain}`;
    await nginx.up();
    return nginx;
  }

  /** Makes a certificate that vouches for itself, for so many days. */
  certify(days) {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', `${days}`, '-keyout', 'key.pem', '-out', 'cert.pem',
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE'], { cwd: this.dir, stdio: 'ignore' });
    this.ca = readFileSync(this.certificate);
  }

  /** Starts again with another site: what `edit` makes of the shipped one. */
  async reshape(edit = (site) => site) {
    await this.stop('SIGTERM');
    writeFileSync(join(this.dir, 'site.conf'), edit(this.#site));
    await this.up();
  }

  /** Takes another site over as an administrator does, by `nginx -s reload`: what is under way goes on. */
  reload(edit = (site) => site) {
    writeFileSync(join(this.dir, 'site.conf'), edit(this.#site));
    execFileSync('nginx', ['-p', this.dir, '-c', join(this.dir, 'nginx.conf'), '-e', join(this.dir, 'error.log'), '-s', 'reload']);
  }

  async up() {
    const log = join(this.dir, 'error.log');
    this.#process = spawn('nginx', ['-p', this.dir, '-c', join(this.dir, 'nginx.conf'), '-e', log], { stdio: 'inherit' });
    await until('nginx answers', () => {
      if (this.#process.exitCode !== null) throw new Error(`nginx ended: ${readFileSync(log, 'utf8')}`);
      return send(`${this.url}/readyz`, { tls: { ca: this.ca } }).then(() => true, () => false);
    });
  }

  async stop(signal = 'SIGQUIT') {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    await once(this.#process, 'exit');
  }
}
