// Files by the hundred through the product, and tables of what became of them.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const PYTHON = join(ROOT, '.tools/python/bin/python3');
const AT_ONCE = 8;
/** What the default policy only remarks upon. */
const REMARKS = new Set(['macro', 'active_content', 'dlp']);
const SCRIPTS = new Set(['type-script', 'name-script-extension']);
/** What the state of a file's checks is for whoever waits for the file. */
const BECAME = { clean: 'pass', flagged: 'flag', blocked: 'stop', unscannable: 'stop' };

/** Runs one of the programs of tests/corpus; returns what it printed. */
export async function python(program, ...args) {
  const { stdout } = await promisify(execFile)(PYTHON, [join(ROOT, 'tests/corpus', program), ...args], { maxBuffer: 1 << 26 });
  return stdout;
}

/** Reads the files that a program of tests/corpus wrote. */
export const read = (dir) => JSON.parse(readFileSync(join(dir, 'manifest.json'))).map((file) => ({ ...file, path: join(dir, file.id) }));

/** Keeps a table beside the other results of tests, and prints it. */
export function keep(name, text) {
  const dir = join(ROOT, 'target/test-logs');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, name), `${text}\n`);
  console.log(text);
}

/** A table of rows of texts, the first one its head. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows.map((row) => row.map((cell, column) => String(cell).padEnd(widths[column])).join('  ').trimEnd()).join('\n');
}

const holds = ({ outcome, qualifier, name }) => {
  if (outcome === 'clean' || outcome === 'skipped') return false;
  return outcome !== 'policy_hit' || !(REMARKS.has(qualifier) || SCRIPTS.has(name));
};

/**
 * Sends all files in one package, each in a folder of its own, and waits for the checks.
 * Returns for each file what became of it, its findings, those that hold it, and what each engine said.
 */
export async function check(api, administrator, files, within) {
  const { id } = await api.package({ type: 'public', title: 'corpus' });
  const refused = new Map();
  const queue = [...files];
  const send = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const path = `${file.id}/${file.name}`.split('/').map(encodeURIComponent).join('/');
      const body = readFileSync(file.path);
      const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length };
      const answer = await api.raw('PUT', `/packages/${id}/files/${path}`, { body, headers });
      if (answer.status >= 500) throw new Error(`${file.name}: ${answer.status} ${answer.body}`);
      if (answer.status !== 201) refused.set(file.id, JSON.parse(answer.body).code);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  const done = await api.deliver(id, within);
  const said = await administrator.json('GET', `/admin/packages/${id}/verdicts`);
  const of = (list, file) => list.find((one) => one.path.startsWith(`${file.id}/`));
  return files.map((file) => {
    if (refused.has(file.id)) return { file, became: 'stop', refused: true, findings: [refused.get(file.id)], holding: [refused.get(file.id)], said: new Map() };
    const { check: state, deliverable, findings } = of(done.files, file);
    const became = BECAME[state] ?? state;
    if (deliverable !== (became !== 'stop')) throw new Error(`${file.name} is ${state} and ${deliverable ? '' : 'not '}deliverable`);
    const verdicts = of(said.files, file).verdicts;
    const engines = new Map();
    for (const { engine, outcome } of verdicts) engines.set(engine, [...(engines.get(engine) ?? []), outcome]);
    const names = (list) => [...new Set(list.map(({ name }) => name))].filter(Boolean);
    return { file, became, findings: names([...verdicts, ...findings]), holding: names(verdicts.filter(holds)), said: engines };
  });
}
