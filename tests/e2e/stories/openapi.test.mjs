// The API against its own description: calls made up from it never fail on our side, and every answer is one that it
// announces. Short by default; --long looks ten times as far.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
/** What stands before every operation refuses with: no log-in, another site, a body or a field that can't be read, haste. */
const FRAME = [400, 401, 403, 408, 413, 415, 422, 429, 503];
// What ends, or locks out, the very caller; and the streams, which go on for ever.
const OWN = '/(password|session|setup|me|settings|administrators)(/|$)';
const STREAMS = '/events$';

describe('the API is as it is described', () => {
  let sofie, token, administrator, ids, document;
  before(async () => {
    sofie = await Sofie.start();
    document = await described();
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

  /**
   * The description with the frame's own refusals in the place of `default`, which announces every status there is:
   * what else an operation answers it must name itself.
   */
  async function described() {
    const found = await (await fetch(`${sofie.url}/api/openapi.json`)).json();
    const operations = Object.values(found.paths).flatMap((path) => Object.values(path)).filter(({ responses }) => responses);
    for (const { responses } of operations) {
      const { default: any } = responses;
      delete responses.default;
      for (const status of FRAME) responses[status] ??= any;
    }
    const path = join(sofie.dir, 'openapi.json');
    writeFileSync(path, JSON.stringify(found));
    return path;
  }

  /** Runs schemathesis; with `known`, ids of things that are there take the place of made-up ones. */
  async function look(headers, { only = [], without = [STREAMS], known = false }) {
    const cwd = join(sofie.dir, known ? 'known' : 'made-up');
    mkdirSync(cwd, { recursive: true });
    const lines = Object.entries(ids).map(([name, id]) => `"path.${name}" = "${id}"`);
    writeFileSync(join(cwd, 'schemathesis.toml'), known ? `[parameters]\n${lines.join('\n')}\n` : '');
    const args = [
      'run', document, '--url', sofie.url, '--checks', CHECKS, '--phases', 'coverage,fuzzing', '--seed', '1',
      '--max-time', `${SECONDS}`, '--request-timeout', '60', '--no-shrink', '--no-color', '--warnings', 'off',
      '--generation-database', 'none', '--suppress-health-check', 'all',
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      ...only.flatMap((pattern) => ['--include-path-regex', pattern]),
      ...without.flatMap((pattern) => ['--exclude-path-regex', pattern]),
    ];
    // Beside us, not in our stead: the server waits for us to read what it logs.
    const child = spawn('schemathesis', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20 * SECONDS * 1000 });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    const [status] = await once(child, 'close');
    assert.equal(status, 0, said);
    const [, count] = said.match(/(\d+) generated, \d+ passed/) ?? assert.fail(said);
    console.log(`# ${count} calls`);
  }

  it('for nobody', () => look({}, {}));

  it('for a user', async () => {
    await look({ Authorization: `Bearer ${token}` }, { without: [STREAMS, OWN, '/admin/'] });
  });

  it('for a user, about things that are there', async () => {
    await look({ Authorization: `Bearer ${token}` }, { only: ['/(packages|uploads)/'], known: true });
  });

  it('for an administrator', async () => {
    await look(administrator.headers(), { only: ['/admin/'], without: [STREAMS, OWN] });
  });

  it('and the server had nothing to complain about', () => {
    assert.doesNotMatch(sofie.log(), /ERROR|panicked/);
  });
});
