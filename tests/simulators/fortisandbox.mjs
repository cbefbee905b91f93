// FortiSandbox by its JSON interface: sessions, submissions that make jobs, ratings by job and by hash.
import { randomUUID } from 'node:crypto';
import { ratingOf, sha256 } from './sample.mjs';
import { simulate } from './simulator.mjs';

const RATINGS = { clean: [0, 'Clean'], bad: [1, 'Malicious'], odd: [3, 'Medium Risk'] };

export async function fortisandbox({ user, password }) {
  const sessions = new Set();
  const submissions = new Map(); // sid -> { sha256, rating }
  const known = new Map(); // sha256 -> rating, of jobs that are over
  const state = { working: false, submitted: 0 };
  const job = ({ sha256, rating }) => {
    const [score, word] = RATINGS[rating];
    // GUESS: the fields beside rating, score, malware_name and detail_url.
    return { sha256, score, rating: word, malware_name: rating === 'bad' ? 'W32/Simulated' : 'N/A', detail_url: 'https://sandbox.example.org/job-detail/1' };
  };
  const answers = {
    '/sys/status': () => [0, { Version: 'v4.4.6-build0397' }], // GUESS: the name of the field.
    '/scan/result/file': ({ checksum }) => (known.has(checksum) ? [0, job({ sha256: checksum, rating: known.get(checksum) })] : [3]),
    '/alert/ondemand/submit-file': ({ file, filename }) => {
      const content = Buffer.from(file, 'base64');
      if (Buffer.from(filename, 'base64').toString().endsWith('\n')) return [1];
      const sid = randomUUID();
      submissions.set(sid, { sha256: sha256(content), rating: ratingOf(content) });
      state.submitted += 1;
      return [0, { sid }];
    },
    '/scan/result/get-jobs-of-submission': ({ sid }) => {
      if (!submissions.has(sid)) return [3];
      return state.working ? [0, { jids: [], total_jids: 0 }] : [0, { jids: [sid], total_jids: 1 }];
    },
    '/scan/result/job': ({ jid }) => {
      const one = submissions.get(jid);
      if (!one) return [3];
      if (state.working) return [29];
      known.set(one.sha256, one.rating);
      return [0, job(one)];
    },
  };
  const simulator = await simulate(({ method, path, content }) => {
    if (method !== 'POST' || path !== '/jsonrpc') return [404, {}];
    const { id, ver, session, params: [what] } = JSON.parse(content.toString('utf8'));
    const said = (code, message, data, more = {}) => ({ id, ver, result: { url: what.url, status: { code, message }, ...(data && { data }) }, ...more });
    if (what.url === '/sys/login/user') {
      const [given] = what.data;
      if (given.user !== user || given.passwd !== password) return said(-22, 'WRONG_CREDENTIAL'); // GUESS: the number.
      const begun = randomUUID();
      sessions.add(begun);
      return said(0, 'OK', null, { session: begun });
    }
    if (!sessions.has(session)) return said(-11, 'INVALID_SESSION'); // GUESS: the number.
    const answer = answers[what.url];
    if (!answer) return said(-1, 'INVALID_URL');
    const [code, data] = answer(what);
    return said(code, { 0: 'OK', 3: 'DATA_NOT_EXIST', 29: 'DATA_IN_QUEUE_OR_PROGRESS' }[code] ?? 'FAILED', data);
  });
  return Object.assign(simulator, {
    state,
    /** As after a restart with an empty disk: no sessions, no submissions. */
    forget() {
      sessions.clear();
      submissions.clear();
    },
  });
}
