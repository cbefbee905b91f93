// A certificate that signed itself, as people make one by hand.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes one in a folder; returns it and its key in PEM form. */
export function selfSigned(dir) {
  const [key, certificate] = [join(dir, 'self-signed.key'), join(dir, 'self-signed.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=sofie', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}
