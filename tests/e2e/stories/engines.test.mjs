// Engines that are services: each is added by an administrator, passes its self-test, and says its word of a clean file
// and of the test file. The services are simulators.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { kaspersky } from '../../simulators/kaspersky.mjs';
import { metadefender } from '../../simulators/metadefender.mjs';
import { isInfected, simulate } from '../../simulators/simulator.mjs';
import { virustotal } from '../../simulators/virustotal.mjs';
import { Api } from '../lib/api.mjs';
import { EICAR, text } from '../lib/samples.mjs';
import { PASSWORD, Sofie } from '../lib/sofie.mjs';

const SECRET = 'simulated-secret-8813';

/** A scanner that no kind is made for, as the description below says. */
const described = () =>
  simulate(({ path, headers, content }) => {
    if (headers.authorization !== `Bearer ${SECRET}`) return [401, {}];
    if (path.startsWith('/scan?name=')) return [202, { job: isInfected(content) ? 'bad/1' : 'good/1' }];
    const infected = path === '/jobs/bad%2F1';
    return { state: 'finished', threats: infected ? [{ name: 'Eicar' }] : [], verdict: infected ? 'malicious' : 'clean' };
  });

const SERVICES = {
  kaspersky: [() => kaspersky({ header: 'X-Key', token: SECRET }), { token_header: 'X-Key', token: SECRET }],
  metadefender: [() => metadefender({ apikey: SECRET }), { apikey: SECRET, rule: 'Strict' }],
  virustotal: [() => virustotal({ apikey: SECRET }), { apikey: SECRET, a_minute: '1000' }],
  rest: [described, {
    path: '/scan?name={name}', body: 'multipart', token_header: 'Authorization', token: `Bearer ${SECRET}`,
    infected: ['/verdict = malicious', '/threats != []'], clean: ['/verdict = clean', '/threats = []'],
    finding: '/threats/*/name', job: '/job', poll_path: '/jobs/{job}', done: ['/state = finished'],
  }],
};

describe('engines that are services', () => {
  let sofie, root, alice;
  const services = {};
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    root = new Api(sofie.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    for (const [kind, [start]] of Object.entries(SERVICES)) services[kind] = await start();
  });
  after(async () => {
    for (const service of Object.values(services)) await service.stop();
    await sofie?.remove();
  });

  const add = (kind, more = {}) => {
    const config = { addresses: [services[kind].address], ...SERVICES[kind][1] };
    return root.json('POST', '/admin/engines', { kind, enabled: true, config, ...more });
  };

  it('adds each of them; they pass their self-tests, and their secrets are not told', async () => {
    for (const kind of Object.keys(SERVICES)) {
      const engine = await add(kind, { mandatory: kind !== 'virustotal' });
      assert.deepEqual([engine.id, engine.enabled, engine.available], [kind, true, true], JSON.stringify(engine));
      assert.ok(!JSON.stringify(engine).includes(SECRET));
    }
  });

  it('refuses a wrong secret by the self-test, and a look-up that would be mandatory', async () => {
    const wrong = { addresses: [services.metadefender.address], apikey: 'wrong' };
    const engine = await root.json('POST', '/admin/engines', { kind: 'metadefender', enabled: true, config: wrong });
    assert.deepEqual([engine.enabled, engine.available], [false, false]);
    await assert.rejects(add('virustotal', { mandatory: true }), /422.*mandatory/s);
    await assert.rejects(add('virustotal', { stage: 'antivirus' }), /422.*stage/s);
  });

  it('shows them a clean file and the test file, and keeps every row', async () => {
    const sent = await alice.package({ type: 'private', title: 'Two files', recipients: ['bob@example.net'] });
    await alice.put(sent.id, 'fine.txt', text(40));
    await alice.put(sent.id, 'eicar.com', EICAR);
    await alice.deliver(sent.id);
    const { files } = await root.json('GET', `/admin/packages/${sent.id}/verdicts`);
    const outcomes = (path) => {
      const { verdicts } = files.find((file) => file.path === path);
      return Object.fromEntries(verdicts.filter((row) => row.engine in SERVICES).map((row) => [row.engine, row.outcome]));
    };
    assert.deepEqual(outcomes('fine.txt'), { kaspersky: 'clean', metadefender: 'clean', rest: 'clean', virustotal: 'skipped' });
    const infected = Object.keys(SERVICES).map((kind) => [kind, 'infected']);
    assert.deepEqual(outcomes('eicar.com'), Object.fromEntries(infected));
  });

  it('gave no content to the one that is only asked by hash', () => {
    assert.ok(services.virustotal.questions.length > 0);
    assert.ok(services.virustotal.questions.every(({ method, content }) => method === 'GET' && content.length === 0));
    const uploads = services.metadefender.questions.filter(({ path }) => path === '/file');
    assert.ok(uploads.some(({ headers }) => headers.filename === 'fine.txt' && headers.rule === 'Strict'));
  });
});
