// A certificate that signed itself, as people make one by hand.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes one for 127.0.0.1 in a folder; returns it and its key in PEM form, and where it is. */
export function selfSigned(dir) {
  const [key, certificate] = [join(dir, 'self-signed.key'), join(dir, 'self-signed.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=sofie',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8'), path: certificate };
}
