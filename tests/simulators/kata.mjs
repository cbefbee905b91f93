// Kaspersky Anti Targeted Attack by its interface for external systems: scans by a name that the client gives, and a list
// of their states. Without TLS: that we prove ourselves by a certificate is tested elsewhere.
import { parts, ratingOf } from './sample.mjs';
import { simulate } from './simulator.mjs';

export async function kata({ sensor, instance = 'sofie' }) {
  const scans = new Map(); // scanId -> rating
  const state = { working: false, submitted: 0 };
  const simulator = await simulate((question) => {
    const { method, path } = question;
    const url = new URL(path, 'http://localhost');
    const begin = `/kata/scanner/v1/sensors/${sensor}/scans`;
    if (!url.pathname.startsWith(begin) || url.searchParams.get('sensorInstanceId') !== instance) return [401, {}];
    const what = url.pathname.slice(begin.length);
    if (method === 'POST' && what === '') {
      const form = parts(question);
      if (form.get('objectType')?.toString() !== 'file' || !form.has('content')) return [400, {}];
      scans.set(form.get('scanId').toString(), ratingOf(form.get('content')));
      state.submitted += 1;
      return 'OK';
    }
    if (method === 'GET' && what === '/state') {
      const wanted = url.searchParams.get('state').split(',');
      const stateOf = (rating) => (state.working ? 'processing' : rating === 'clean' ? 'not detected' : 'detect');
      const list = [...scans].map(([scanId, rating]) => ({ scanId, state: stateOf(rating) })).filter((one) => wanted.includes(one.state));
      return list.length === 0 ? [204, undefined] : [200, list];
    }
    // GUESS: how a result is deleted.
    if (method === 'DELETE' && scans.delete(what.slice(1))) return 'OK';
    return [404, {}];
  });
  return Object.assign(simulator, { state });
}
