// Check Point Threat Emulation: a file goes by its SHA-256, is uploaded with a question about it, and is asked after.
import { parts, ratingOf, sha256 } from './sample.mjs';
import { simulate } from './simulator.mjs';

export async function checkpoint({ apikey }) {
  const files = new Map(); // sha256 -> rating
  const state = { working: false, submitted: 0 };
  const labelled = (label) => ({ status: { label } });
  const simulator = await simulate((question) => {
    const { method, path, headers, content } = question;
    if (headers.authorization !== apikey) return [403, {}];
    if (method !== 'POST') return [405, {}];
    const about = (request) => {
      const asked = Array.isArray(request) ? request[0] : request;
      return { sha256: asked.sha256, ...(files.has(asked.sha256) ? found(files.get(asked.sha256)) : labelled('NOT_FOUND')) };
    };
    const found = (rating) => {
      if (state.working) return labelled('PENDING');
      const verdict = rating === 'bad' ? 'malicious' : 'benign';
      // GUESS: how images are named; that each has a verdict.
      return { ...labelled('FOUND'), te: { ...labelled('FOUND'), combined_verdict: verdict, images: [{ status: 'found', report: { verdict } }] } };
    };
    if (path === '/tecloud/api/v1/file/query') return { response: about(JSON.parse(content.toString()).request) };
    if (path !== '/tecloud/api/v1/file/upload') return [404, {}];
    const form = parts(question);
    const { request } = JSON.parse(form.get('request').toString());
    if (sha256(form.get('file')) !== request.sha256) return [400, {}];
    files.set(request.sha256, ratingOf(form.get('file')));
    state.submitted += 1;
    return { response: { ...labelled('UPLOAD_SUCCESS'), sha256: request.sha256 } };
  });
  return Object.assign(simulator, { state });
}
