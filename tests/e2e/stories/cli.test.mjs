// The command line: what scripts rely on. `sofie send`, `status`, `get` and their exit codes.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sha256 } from '../lib/api.mjs';
import { bomb, EICAR, encryptedZip, HOSTILE_NAMES, noise, text, zip } from '../lib/samples.mjs';
import { Sofie } from '../lib/sofie.mjs';

describe('command line', () => {
  let sofie, token, work;
  before(async () => {
    sofie = await Sofie.start();
    token = await sofie.addUser('alice@example.org');
    work = join(sofie.dir, 'work');
  });
  after(() => sofie?.remove());

  const file = (name, data) => {
    const path = join(work, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, data);
    return path;
  };
  const at = () => ['--server', sofie.url, '--token', token];
  const last = ({ stdout }) => JSON.parse(stdout.trim().split('\n').at(-1));
  const send = async (...args) => {
    const done = await sofie.run(['send', ...args, ...at(), '--wait', '--json']);
    assert.ok([0, 3, 4].includes(done.code), `send ended with ${done.code}: ${done.stderr}`);
    return { ...done, outcome: last(done) };
  };

  it('delivers a clean file to somebody outside, who fetches it by link and code', async () => {
    const data = text(5000);
    const { code, outcome } = await send(file('report.txt', data), '--to', 'bob@example.net', '--title', 'Report', '--note', 'As agreed.');
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(outcome), ['id', 'link', 'state', 'deliverable', 'files']);
    assert.equal(outcome.state, 'delivered');
    assert.equal(outcome.deliverable, true);
    assert.equal(outcome.link, null);
    const [sent] = outcome.files;
    assert.deepEqual(Object.keys(sent), ['name', 'size', 'sha256', 'verdict', 'deliverable', 'findings']);
    assert.deepEqual(sent, { name: 'report.txt', size: data.length, sha256: sha256(data), verdict: 'clean', deliverable: true, findings: [] });

    const status = await sofie.run(['status', outcome.id, ...at(), '--json']);
    assert.equal(status.code, 0);
    assert.deepEqual(last(status), outcome);

    const link = await sofie.link('bob@example.net');
    const first = await sofie.run(['get', link, '-o', 'out']);
    assert.equal(first.code, 9, first.stderr);
    assert.match(first.stderr, /code/);
    assert.ok(!existsSync(join(work, 'out/report.txt')));
    const secret = await sofie.code('bob@example.net');
    const wrong = await sofie.run(['get', link, '--code', '0000-0000', '-o', 'out']);
    assert.equal(wrong.code, 9, wrong.stderr);
    const second = await sofie.run(['get', link, '--code', secret, '-o', 'out']);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(readFileSync(join(work, 'out/report.txt')), data);
    assert.deepEqual(readdirSync(join(work, 'out')), ['report.txt']);
    for (const state of readdirSync(join(sofie.dir, 'state/sofie'))) {
      assert.equal(statSync(join(sofie.dir, 'state/sofie', state)).mode & 0o077, 0, state);
    }

    const third = await sofie.run(['get', link, '-o', 'out']);
    assert.equal(third.code, 7, 'an existing file is not overwritten');
    writeFileSync(join(work, 'out/report.txt'), 'mine');
    assert.equal((await sofie.run(['get', link, '-o', 'out'])).code, 7);
    assert.equal(readFileSync(join(work, 'out/report.txt'), 'utf8'), 'mine');
    assert.equal((await sofie.run(['get', link, '-o', 'out', '--force'])).code, 0);
    assert.deepEqual(readFileSync(join(work, 'out/report.txt')), data);
  });

  it('keeps folders, and does not follow links in them', async () => {
    const files = { 'tree/a.txt': text(3), 'tree/deep/er/b.bin': noise(70_000), 'tree/empty.txt': Buffer.alloc(0) };
    for (const [name, data] of Object.entries(files)) file(name, data);
    symlinkSync('/etc/passwd', join(work, 'tree/passwd'));
    const { code, outcome } = await send('tree', '--type', 'public');
    assert.equal(code, 0);
    assert.deepEqual(outcome.files.map(({ name }) => name).sort(), Object.keys(files).sort());
    assert.match(outcome.link, /\/p#/);
    const got = await sofie.run(['get', outcome.link, '-o', 'copy']);
    assert.equal(got.code, 0, got.stderr);
    for (const [name, data] of Object.entries(files)) assert.deepEqual(readFileSync(join(work, 'copy', name)), data, name);
  });

  it('sends a large file in parts and fetches it whole', async () => {
    const data = noise(40 << 20);
    const { code, outcome } = await send(file('large.bin', data), '--type', 'public');
    assert.equal(code, 0);
    assert.equal(outcome.files[0].sha256, sha256(data));
    assert.equal((await sofie.run(['get', outcome.link, '-o', 'large'])).code, 0);
    assert.equal(sha256(readFileSync(join(work, 'large/large.bin'))), sha256(data));
  });

  const held = {
    'EICAR plain': () => ['eicar.com.txt', EICAR, 'blocked', 'infected'],
    'EICAR in a zip in a zip': () => ['nested.zip', zip({ 'inner.zip': zip({ 'x.txt': EICAR }) }), 'blocked', 'infected'],
    'an encrypted zip': () => ['locked.zip', encryptedZip(), 'unscannable', 'encrypted'],
    'a zip bomb': () => ['bomb.zip', bomb(), 'unscannable', 'incomplete'],
    'half a zip': () => ['half.zip', zip({ 'x.txt': text(900) }).subarray(0, 300), 'unscannable', 'unsupported'],
  };
  for (const [what, make] of Object.entries(held)) {
    it(`holds back ${what}`, async () => {
      const [name, data, verdict, kind] = make();
      const { code, outcome } = await send(file(name, data), '--type', 'public');
      assert.equal(code, 3);
      assert.equal(outcome.state, 'withheld');
      assert.equal(outcome.deliverable, false);
      const [sent] = outcome.files;
      assert.equal(sent.verdict, verdict);
      assert.equal(sent.deliverable, false);
      assert.ok(sent.findings.some(({ outcome: found }) => found === kind), JSON.stringify(sent.findings));
      for (const finding of sent.findings) assert.deepEqual(Object.keys(finding), ['engine', 'outcome', 'name', 'object']);
      const got = await sofie.run(['get', outcome.link ?? 'https://x/p#none', '-o', `held-${name}`]);
      assert.notEqual(got.code, 0);
      assert.ok(!existsSync(join(work, `held-${name}`, name)));
    });
  }

  it('delivers the clean part of a package and says so', async () => {
    const { code, outcome } = await send(file('good.txt', text(9)), file('bad.txt', EICAR), '--type', 'public');
    assert.equal(code, 3);
    assert.equal(outcome.state, 'partly_delivered');
    assert.deepEqual(outcome.files.map(({ name, deliverable }) => [name, deliverable]).sort(), [['bad.txt', false], ['good.txt', true]]);
    const got = await sofie.run(['get', outcome.link, '-o', 'partly']);
    assert.equal(got.code, 3, got.stderr);
    assert.deepEqual(readdirSync(join(work, 'partly')), ['good.txt']);
  });

  it('takes hostile names and never writes outside the folder', async () => {
    const paths = HOSTILE_NAMES.map((name) => file(`names/${name}`, text(2, 'hostile')));
    const { outcome } = await send('names', '--type', 'public');
    assert.equal(outcome.files.length, paths.length);
    assert.ok(outcome.link, 'the link of a package with hostile names');
    const got = await sofie.run(['get', outcome.link, '-o', 'names-out/deep']);
    assert.ok([0, 3].includes(got.code), got.stderr);
    assert.deepEqual(readdirSync(join(work, 'names-out')), ['deep']);
    assert.deepEqual(readdirSync(join(work, 'names-out/deep')), ['names']);
    const names = readdirSync(join(work, 'names-out/deep/names'));
    assert.equal(names.length, outcome.files.filter(({ deliverable }) => deliverable).length);
    for (const name of names) assert.doesNotMatch(name, /[\\\u202e\p{Cc}]/u);
    assert.ok(!existsSync(join(work, 'evil.txt')));
  });

  it('asks for the package password', async () => {
    const { outcome } = await send(file('locked.txt', text(5)), '--type', 'public', '--password', 'open sesame please');
    assert.equal((await sofie.run(['get', outcome.link, '-o', 'locked'])).code, 9);
    assert.equal((await sofie.run(['get', outcome.link, '-o', 'locked', '--password', 'wrong wrong wrong'])).code, 9);
    const got = await sofie.run(['get', outcome.link, '-o', 'locked', '--password', 'open sesame please']);
    assert.equal(got.code, 0, got.stderr);
    assert.deepEqual(readdirSync(join(work, 'locked')), ['locked.txt']);
  });

  it('has an exit code for each kind of failure', async () => {
    const good = file('one.txt', text(1));
    mkdirSync(join(work, 'nothing'), { recursive: true });
    const code = async (...args) => (await sofie.run(args)).code;
    const to = ['--to', 'bob@example.net'];
    assert.equal(await code('send'), 2);
    assert.equal(await code('send', good, ...at()), 2, 'a private package for nobody');
    assert.equal(await code('send', good, ...at(), ...to, '--type', 'secret'), 2);
    assert.equal(await code('send', good, ...at(), ...to, '--expires', 'soon'), 2);
    assert.equal(await code('send', good, '--server', 'http://127.0.0.1:9', '--token', token, ...to), 5);
    assert.equal(await code('send', good, '--server', sofie.url, '--token', 'sofie_pat_wrong', ...to), 6);
    assert.equal(await code('send', good, ...at(), '--to', 'not an address'), 6);
    assert.equal(await code('send', 'absent.txt', ...at(), ...to), 7);
    assert.equal(await code('send', 'nothing', ...at(), ...to), 7);
    assert.equal(await code('status', '01890000-0000-7000-8000-000000000000', ...at(), '--json'), 8);
    assert.equal(await code('get', `${sofie.url}/p#wrong`, '-o', 'x'), 8);
    assert.equal(await code('get', sofie.url, '-o', 'x'), 2);
    const drafts = await (await fetch(`${sofie.url}/api/v1/packages?box=drafts`, { headers: { Authorization: `Bearer ${token}` } })).json();
    assert.deepEqual(drafts.items, [], 'a failed send leaves no draft');
  });

  it('the server-side commands work beside the running server and without it', async () => {
    assert.ok((await sofie.outbox()).length > 0);
    await sofie.stop();
    const mails = await sofie.outbox();
    assert.deepEqual(Object.keys(mails[0]).sort(), ['created_at', 'html', 'state', 'subject', 'text', 'to']);
    const other = await sofie.addUser('carol@example.org');
    assert.match(other, /^sofie_pat_[A-Za-z0-9_-]{20,}$/);
    const doctor = await sofie.run(['doctor', '--data-dir', sofie.data]);
    assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
    await sofie.up();
    const { outcome } = await send(file('late.txt', text(1)), '--type', 'internal');
    assert.equal(outcome.state, 'delivered');
    chmodSync(join(work, 'late.txt'), 0o600);
  });
});
