// Runs the end-to-end tests against the real binary and ends with one line: N passed, N failed.
//
// Usage: node run.mjs [--long] [NAME…]     NAME is the first part of a file in stories/, such as `cli` or `browser`
// SOFIE_BIN (or SOFIE_BINARY) names the binary; otherwise target/debug/sofie is taken.
// Two stories run beside each other, for most of them wait most of the time; those of ALONE load the machine or go by its clock.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const long = process.argv.includes('--long');
const ALONE = ['corpus', 'crash', 'kafka', 'kills', 'load', 'long-', 'postgres', 'power', 'production', 'tus'];
const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));

function installPackages() {
  const stamp = join(here, 'node_modules/.installed');
  const lock = join(here, 'package-lock.json');
  if (existsSync(stamp) && statSync(stamp).mtimeMs > statSync(lock).mtimeMs) return;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: here, stdio: 'inherit' });
  if (status !== 0) throw new Error('npm ci failed');
  writeFileSync(stamp, '');
}

function fail(message) {
  console.log(`error: ${message}\n0 passed, 1 failed`);
  process.exit(1);
}

const binary = resolve(process.env.SOFIE_BIN ?? process.env.SOFIE_BINARY ?? join(root, 'target/debug/sofie'));
if (!existsSync(binary)) fail(`there is no binary at ${binary}; build it (cargo build) or set SOFIE_BIN`);
process.env.SOFIE_BIN = binary;
process.env.SOFIE_LONG = long ? '1' : '';
installPackages();

const stories = join(here, 'stories');
const files = readdirSync(stories)
  .filter((file) => file.endsWith('.test.mjs'))
  .filter((file) => long || !file.startsWith('long-') || names.length > 0)
  .filter((file) => names.length === 0 || names.some((name) => file.startsWith(name)))
  .sort()
  .map((file) => join(stories, file));
if (files.length === 0) fail(`no story is named ${names.join(' ')}`);

const count = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const took = new Map();
const storyOf = (file) => basename(file, '.test.mjs');
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const indent = (data) => '  '.repeat(data.nesting);
const isTest = (data) => data.details.type !== 'suite' && !files.includes(data.name);

function passed(data) {
  if (data.skip !== undefined) {
    count.skipped += 1;
    console.log(`${indent(data)}- ${data.name} (skipped: ${data.skip || 'no reason'})`);
  } else if (isTest(data)) {
    count.passed += 1;
    console.log(`${indent(data)}✔ ${data.name} (${seconds(data.details.duration_ms)})`);
  }
}

function failed(data) {
  // A suite fails because a test in it does, or because its hook did: then nothing else says so.
  const cause = data.details.error?.failureType;
  if (!isTest(data) && cause === 'subtestsFailed') return;
  count.failed += 1;
  const error = data.details.error?.cause ?? data.details.error;
  const text = String(error?.stack ?? error).replaceAll('\n', `\n${indent(data)}    `);
  console.log(`${indent(data)}✘ ${data.name} (${seconds(data.details.duration_ms)})\n${indent(data)}    ${text}`);
  failures.push(`${storyOf(data.file ?? '')}: ${data.name}: ${String(error?.message ?? error).split('\n')[0]}`);
}

async function runAll(some, concurrency) {
  if (some.length === 0) return;
  const stream = run({ files: some, concurrency, timeout: Number(process.env.SOFIE_STORY_MINUTES ?? (long ? 4 * 60 : 20)) * 60_000 });
  stream.on('test:pass', passed);
  stream.on('test:fail', failed);
  stream.on('test:complete', ({ name, file, details }) => file === name && took.set(storyOf(file), details.duration_ms));
  stream.on('test:stdout', ({ message }) => process.stdout.write(message));
  stream.on('test:stderr', ({ message }) => process.stderr.write(message));
  stream.on('test:diagnostic', ({ message, nesting }) => nesting > 0 && console.log(`# ${message}`));
  for await (const _ of stream);
}

const alone = (file) => ALONE.some((name) => storyOf(file).startsWith(name));
await runAll(files.filter((file) => !alone(file)), 2);
await runAll(files.filter(alone), 1);
const longest = [...took].sort(([, a], [, b]) => b - a).slice(0, 8);
if (longest.length > 1) console.log(`longest: ${longest.map(([story, ms]) => `${story} ${seconds(ms)}`).join(', ')}`);
for (const failure of failures) console.log(`failed: ${failure}`);
if (count.skipped > 0) console.log(`${count.skipped} skipped`);
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exit(count.failed === 0 && count.passed > 0 ? 0 : 1);
