// Runs everything that tries to break a promise, as long and as often as there is time for, and writes docs/assurance.md.
//
// ASSURANCE_MINUTES (default 60) is about how long, ASSURANCE_SEED repeats a run. SOFIE_BIN names the binary: a debug build,
// which alone can be killed at a named point.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { POINTS, PROMISES } from './assurance/promises.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const MINUTES = Number(process.env.ASSURANCE_MINUTES ?? 60);
const SEED = Number(process.env.ASSURANCE_SEED ?? Date.now() % 1_000_000);
process.env.SOFIE_BIN ??= join(root, 'target/debug/sofie');

/** As often as a share of the time allows, at least as in `make test`, at most as before a release. */
function times(share, seconds, least, most) {
  return Math.max(least, Math.min(most, Math.floor((MINUTES * 60 * share) / seconds)));
}

const STORIES = {
  crash: { SOFIE_CRASHES: times(0.25, 3, 50, 5000) },
  kills: { SOFIE_KILL_ROUNDS: times(0.15, 75, 1, 50) },
  power: { SOFIE_CUTS: times(0.15, 8, 4, 1000) },
  disk: { SOFIE_EIO: times(0.08, 4, 10, 1000), SOFIE_FLIPS: times(0.08, 2, 40, 10_000) },
  time: { SOFIE_ZOMBIES: times(0.03, 6, 3, 1000) },
  soak: { SOFIE_SOAK_MINUTES: Math.max(0.5, Math.min(24 * 60, MINUTES * 0.1)), SOFIE_FLOOD: times(0.05, 0.2, 300, 10_000) },
  doctor: {}, kafka: {}, 'long-kafka': {}, postgres: {}, database: {}, production: {}, storage: {}, backup: {}, marker: {}, engines: {},
  sandboxes: {}, tus: {}, cli: {}, load: {}, openapi: {},
};

/** Runs a program to its end; shows and returns what it says. */
async function run(program, args, env = {}) {
  const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => {
      text += part;
      process.stdout.write(part);
    });
  }
  const [code] = await once(child, 'close');
  return { code, text };
}

/** Seeds of the simulation of queue, leases and announcements. */
const SIMULATIONS = times(0.1, 0.05, 100, 1_000_000);

/** A story's tests, its remarks (`# …`) and whether all went well. */
async function story(name, scale) {
  console.log(`==> ${name} ${JSON.stringify(scale)}`);
  const env = Object.fromEntries(Object.entries({ ...scale, SOFIE_SEED: SEED, SOFIE_STORY_MINUTES: MINUTES + 20 }).map(([key, value]) => [key, `${value}`]));
  const { code, text } = await run(process.execPath, [join(here, 'run.mjs'), `${name}.test`], env);
  const [, passed = '0', failed = '1'] = text.match(/^(\d+) passed, (\d+) failed$/m) ?? [];
  const skipped = [...text.matchAll(/^ *- (.+) \(skipped: (.+)\)$/gm)].map(([, test, why]) => `${test}: ${why}`);
  const remarks = [...text.matchAll(/^# (.+)$/gm)].map(([, remark]) => remark);
  return { name, scale, ok: code === 0, passed: Number(passed), failed: Number(failed), skipped, remarks };
}

/** The Rust tests, once; outcomes by name. */
async function rustTests() {
  console.log('==> Rust tests');
  const env = { SOFIE_SIMULATIONS: `${SIMULATIONS}` };
  const { code, text } = await run('cargo', ['test', '--workspace', '--no-fail-fast', '--offline'], env);
  const outcomes = [...text.matchAll(/^test (\S+)(?: - .*)? \.\.\. (ok|FAILED|ignored)/gm)].map(([, name, outcome]) => ({ name, outcome }));
  return { ok: code === 0, outcomes };
}

const version = (program, ...args) => {
  try {
    return execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim().split('\n')[0];
  } catch (error) {
    return `${error.stderr ?? ''}`.trim().split('\n')[0] || '-';
  }
};

function proofOf(proof, stories, rust) {
  const [, pattern] = proof.match(/^rust:(.+)$/) ?? [];
  if (pattern) {
    const found = rust.outcomes.filter(({ name }) => name.includes(pattern));
    const bad = found.filter(({ outcome }) => outcome === 'FAILED').length;
    return { ok: found.length > 0 && bad === 0, text: `${found.length} Rust tests \`${pattern}\`${bad > 0 ? `, **${bad} failed**` : ''}` };
  }
  const one = stories.find(({ name }) => name === proof);
  if (!one) return { ok: false, text: `\`${proof}\` (not run)` };
  const scale = Object.values(one.scale);
  const figures = scale.length > 0 ? ` ×${scale.join(', ×')}` : '';
  const skipped = one.skipped.length > 0 ? `, ${one.skipped.length} skipped` : '';
  return { ok: one.ok && one.passed > 0, text: `\`${proof}\`${figures}: ${one.ok ? `${one.passed} passed` : `**${one.failed} failed**`}${skipped}` };
}

function report(stories, rust, took) {
  const lines = [
    '# Assurance',
    '',
    '<!-- Written by `make assurance`; not by hand. The words of the tables are in tests/e2e/assurance/promises.mjs. -->',
    '',
    'What tries to break each promise, how often it did in this run, with which result, and what is not covered. The same tests run in `make test` with smaller figures.',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${Math.round(took / 60)} minutes of ${MINUTES} asked for, seed ${SEED} (\`ASSURANCE_SEED=${SEED} make assurance\`), commit ${version('git', 'rev-parse', '--short', 'HEAD')}, ${version(resolve(process.env.SOFIE_BIN), '--version')}.`,
    '',
    `Machine: ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${version('uname', '-r').split('-')[0]}, ${process.getuid() === 0 ? 'as root' : 'not as root'}. ` +
      [version('rustc', '--version'), `node ${process.version}`, version('sh', '-c', '/usr/lib/postgresql/*/bin/postgres --version'), version('sh', '-c', 'nginx -v 2>&1'),
        version('strace', '--version')].join(' · ') + '.',
    '',
    '## Promises',
    '| # | promise | asked for: each change / release | what tried to break it in this run | result | what is left |',
    '|---|---|---|---|---|---|',
  ];
  for (const [id, promise, asked, proofs, left] of PROMISES) {
    const shown = proofs.map((proof) => proofOf(proof, stories, rust));
    lines.push(`| ${id} | ${promise} | ${asked} | ${shown.map(({ text }) => text).join('; ')} | ${shown.every(({ ok }) => ok) ? 'passed' : '**failed**'} | ${left || '-'} |`);
  }
  lines.push('', '## Kill points', 'Where `kills` has a debug build die, and which step of this design each is. A release build has none of them.', '',
    '| # | in the table of promises | here | file |', '|---|---|---|---|');
  for (const [id, asked, ours, file] of POINTS) lines.push(`| ${id} | ${asked} | ${ours} | \`${file}\` |`);
  lines.push('', '## Stories', '| story | figures | passed | failed | remarks |', '|---|---|---|---|---|');
  for (const one of stories) {
    const scale = Object.entries(one.scale).map(([key, value]) => `${key.replace('SOFIE_', '').toLowerCase()} ${value}`).join(', ');
    const remarks = [...one.remarks, ...one.skipped.map((why) => `skipped: ${why}`)].join('; ').replaceAll('|', '/');
    lines.push(`| ${one.name} | ${scale || '-'} | ${one.passed} | ${one.failed} | ${remarks || '-'} |`);
  }
  const counted = (outcome) => rust.outcomes.filter((one) => one.outcome === outcome).length;
  lines.push('', `Simulations: ${SIMULATIONS} seeds from 1.`, '', `Rust tests: ${counted('ok')} passed, ${counted('FAILED')} failed, ${counted('ignored')} ignored.`, '');
  return lines.join('\n');
}

const begun = Date.now();
console.log(`==> ${MINUTES} minutes, seed ${SEED}`);
const only = process.argv.slice(2);
const rust = process.env.ASSURANCE_RUST === '0' ? { ok: true, outcomes: [] } : await rustTests();
const stories = [];
for (const [name, scale] of Object.entries(STORIES)) {
  if (only.length === 0 || only.includes(name)) stories.push(await story(name, scale));
}
writeFileSync(join(root, 'docs/assurance.md'), report(stories, rust, (Date.now() - begun) / 1000));
const failed = stories.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(`==> docs/assurance.md; ${stories.length - failed.length} stories held, ${failed.length} failed: ${failed.join(' ') || '-'}`);
process.exit(failed.length === 0 && rust.ok ? 0 : 1);
