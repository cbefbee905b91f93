// CAPEv2 by `apiv2`: tasks with numbers, found again by the file's hash.
import { parts, ratingOf, sha256 } from './sample.mjs';
import { simulate } from './simulator.mjs';

const SCORES = { clean: 0.2, odd: 6, bad: 10 };

export async function cape({ token }) {
  const tasks = [];
  const state = { working: false, submitted: 0 };
  const described = (task) => ({
    id: task.id, sample: { sha256: task.sha256 },
    ...(state.working ? { status: 'running' } : {
      // GUESS: that these three stand in a task's description.
      status: 'reported', malscore: SCORES[task.rating], ...(task.rating === 'bad' && { detections: [{ family: 'Simulated', details: [] }] }),
    }),
  });
  const data = (found) => ({ error: false, data: found });
  const simulator = await simulate((question) => {
    const { method, path, headers } = question;
    if (headers.authorization !== `Token ${token}`) return [401, { detail: 'Invalid token.' }];
    if (path === '/apiv2/cuckoo/status/') return data({ version: '2.4-CAPE' });
    if (method === 'POST' && path === '/apiv2/tasks/create/file/') {
      const content = parts(question).get('file');
      const task = { id: tasks.length + 1, sha256: sha256(content), rating: ratingOf(content) };
      tasks.push(task);
      state.submitted += 1;
      return data({ task_ids: [task.id], message: `Task ID ${task.id} has been submitted` });
    }
    const [, hash] = path.match(/^\/apiv2\/tasks\/search\/sha256\/([0-9a-f]{64})\/$/) ?? [];
    if (hash) return data(tasks.filter((task) => task.sha256 === hash).map(described));
    const [, id] = path.match(/^\/apiv2\/tasks\/view\/(\d+)\/$/) ?? [];
    const task = tasks[Number(id) - 1];
    return task ? data(described(task)) : { error: true, error_value: 'Task not found' }; // GUESS: with status 200.
  });
  return Object.assign(simulator, { state });
}
