// VirusTotal, asked by hash: it knows the EICAR test file and nothing else, and never gets content.
import { simulate } from './simulator.mjs';

const KNOWN = '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f';

export async function virustotal({ apikey }) {
  return await simulate(({ method, path, headers }) => {
    const error = (status, code) => [status, { error: { code, message: code } }];
    if (headers['x-apikey'] !== apikey) return error(401, 'WrongCredentialsError');
    const hash = path.match(/^\/api\/v3\/files\/([0-9a-f]{64})$/)?.[1];
    if (method !== 'GET' || hash === undefined) return error(400, 'BadRequestError');
    if (hash !== KNOWN) return error(404, 'NotFoundError');
    const stats = { malicious: 62, suspicious: 0, undetected: 5, harmless: 0, timeout: 0 };
    const label = { suggested_threat_label: 'virus.eicar/test' };
    return { data: { id: hash, type: 'file', attributes: { last_analysis_stats: stats, popular_threat_classification: label } } };
  });
}
