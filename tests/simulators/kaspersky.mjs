// Kaspersky Scan Engine in its HTTP mode, version 3 of its interface.
import { isInfected, simulate } from './simulator.mjs';

export async function kaspersky({ header, token }) {
  return await simulate(({ method, path, headers, content }) => {
    // GUESS: the status for a wrong token.
    if (headers[header.toLowerCase()] !== token) return [401, { error: 'Unauthorized' }];
    // GUESS: the forms of these two.
    if (path === '/api/v3.0/version') return { version: '2.1.3' };
    if (path === '/api/v3.0/basesdate') return { basesDate: '22.11.2026 08:00 GMT' };
    if (method !== 'POST' || path !== '/api/v3.0/scanmemory') return [404, { error: 'Not found' }];
    const { object } = JSON.parse(content.toString('utf8'));
    if (!isInfected(Buffer.from(object, 'base64'))) return { object: 'memory', scanResult: 'CLEAN', containsOfficeMacro: 'false' };
    return { object: 'memory', scanResult: 'DETECT', detectionName: 'EICAR-Test-File', containsOfficeMacro: 'false' };
  });
}
