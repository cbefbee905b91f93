// The API against its own description: calls made up from it never fail on our side, and every answer is one that it
// announces. Short by default; --long looks ten times as far.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { PASSWORD, Sofie } from '../lib/sofie.mjs';

const SECONDS = process.env.SOFIE_LONG ? 150 : 15;
const CHECKS = [
  'not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_headers_conformance',
  'response_schema_conformance',
].join(',');
// What ends, or locks out, the very caller; and the streams, which go on for ever.
const OWN = '/(password|session|setup|me|settings|administrators)(/|$)';
const STREAMS = '/events$';

describe('the API is as it is described', () => {
  let sofie, token, administrator, ids;
  before(async () => {
    sofie = await Sofie.start();
    token = await sofie.addUser('alice@example.org');
    const alice = new Api(sofie.url, { token });
    const { id } = await alice.package({ type: 'private', title: 'Report', recipients: ['bob@example.net'] });
    const file = await alice.put(id, 'report.txt', 'Some text.');
    ids = { id, file_id: file.id };
    await sofie.addAdministrator('root@example.org');
    administrator = new Api(sofie.url);
    await administrator.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
  });
  after(() => sofie?.remove());

  /** Runs schemathesis; with `known`, ids of things that are there take the place of made-up ones. */
  function look(headers, { only = [], without = [STREAMS], known = false }) {
    const cwd = join(sofie.dir, known ? 'known' : 'made-up');
    mkdirSync(cwd, { recursive: true });
    const lines = Object.entries(ids).map(([name, id]) => `"path.${name}" = "${id}"`);
    writeFileSync(join(cwd, 'schemathesis.toml'), known ? `[parameters]\n${lines.join('\n')}\n` : '');
    const args = [
      'run', `${sofie.url}/api/openapi.json`, '--checks', CHECKS, '--phases', 'coverage,fuzzing', '--seed', '1',
      '--max-time', `${SECONDS}`, '--request-timeout', '60', '--no-shrink', '--no-color', '--warnings', 'off',
      '--generation-database', 'none', '--suppress-health-check', 'all',
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      ...only.flatMap((pattern) => ['--include-path-regex', pattern]),
      ...without.flatMap((pattern) => ['--exclude-path-regex', pattern]),
    ];
    const { status, stdout, stderr, error } = spawnSync('schemathesis', args, { cwd, encoding: 'utf8', timeout: 20 * SECONDS * 1000 });
    assert.ifError(error);
    assert.equal(status, 0, `${stdout}${stderr}`);
    const [, count] = stdout.match(/(\d+) generated, \d+ passed/) ?? assert.fail(stdout);
    console.log(`# ${count} calls`);
  }

  it('for nobody', () => look({}, {}));

  it('for a user', () => {
    look({ Authorization: `Bearer ${token}` }, { without: [STREAMS, OWN, '/admin/'] });
  });

  it('for a user, about things that are there', () => {
    look({ Authorization: `Bearer ${token}` }, { only: ['/(packages|uploads)/'], known: true });
  });

  it('for an administrator', () => {
    look(administrator.headers(), { only: ['/admin/'], without: [STREAMS, OWN] });
  });

  it('and the server had nothing to complain about', () => {
    assert.doesNotMatch(sofie.log(), /ERROR|panicked/);
  });
});
