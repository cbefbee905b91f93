// OPSWAT MetaDefender Core: a file is taken at once, is worked at while it is asked after for the first time, and
// then has a verdict.
import { isInfected, simulate } from './simulator.mjs';

export async function metadefender({ apikey }) {
  const files = new Map();
  return await simulate(({ method, path, headers, content }) => {
    if (headers.apikey !== apikey) return [403, { err: 'Access denied' }];
    // GUESS: what the version looks like.
    if (path === '/version') return { version: '5.14.0', product_id: 'MSCL' };
    if (method === 'POST' && path === '/file') {
      // The documents: chunked transfer is not supported.
      if (headers['content-length'] === undefined) return [400, { err: 'Content-Length is missing' }];
      const id = `bzE${files.size + 1}`;
      files.set(id, { infected: isInfected(content), asked: 0 });
      return { data_id: id };
    }
    const id = path.match(/^\/file\/([\w-]+)$/)?.[1];
    const file = files.get(id);
    if (file === undefined) return [404, { err: 'Not Found' }];
    file.asked += 1;
    return verdict(id, file);
  });
}

function verdict(id, { infected, asked }) {
  const done = asked > 1;
  const code = infected ? 1 : 0;
  const engine = { scan_result_i: code, threat_found: infected ? 'EICAR_Test_File' : '', def_time: '2026-11-22T08:00:00.000Z' };
  return {
    data_id: id,
    scan_results: {
      progress_percentage: done ? 100 : 50,
      // GUESS: 255 while it works.
      scan_all_result_i: done ? code : 255,
      scan_details: done ? { ClamAV: engine, Ahnlab: { ...engine, scan_result_i: infected ? 1 : 23 } } : {},
    },
    process_info: {
      progress_percentage: done ? 100 : 50,
      result: done ? (infected ? 'Blocked' : 'Allowed') : 'Processing',
      blocked_reason: done && infected ? 'Infected' : '',
    },
  };
}
