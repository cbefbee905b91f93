// Sandboxes take minutes: a file is given to one once, the package waits without a worker, and what it says late counts
// (DET-14, DET-15, DET-18). The products are simulators.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cape } from '../../simulators/cape.mjs';
import { checkpoint } from '../../simulators/checkpoint.mjs';
import { fortisandbox } from '../../simulators/fortisandbox.mjs';
import { kata } from '../../simulators/kata.mjs';
import { Api } from '../lib/api.mjs';
import { selfSigned } from '../lib/certificate.mjs';
import { EICAR } from '../lib/samples.mjs';
import { PASSWORD, Sofie, until } from '../lib/sofie.mjs';

const SECRET = 'simulated-secret-5521';
const SENSOR = '6f1c1f0e-6c3f-4f0e-8f5e-0a3f4b1d2c3e';

describe('sandboxes', { timeout: 900_000 }, () => {
  let sofie, root, alice, sandbox, engine;
  before(async () => {
    sofie = await Sofie.start();
    await sofie.addAdministrator('root@example.org');
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    root = new Api(sofie.url);
    await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
    sandbox = await fortisandbox({ user: 'sofie', password: SECRET });
  });
  after(async () => {
    await sandbox?.stop();
    await sofie?.remove();
  });

  const send = async (content) => {
    const { id } = await alice.package({ type: 'public', title: 'A file' });
    await alice.put(id, 'report.txt', content);
    await alice.json('POST', `/packages/${id}/send`);
    return id;
  };
  const said = async (id) => {
    const { files: [{ verdicts }] } = await root.json('GET', `/admin/packages/${id}/verdicts`);
    return verdicts.filter((row) => row.engine === engine);
  };
  const over = async (id) => (await alice.settled(id, 60_000)).state;

  it('is set up, and refused with a wrong password', async () => {
    const config = (password) => ({ addresses: [sandbox.address], user: 'sofie', password });
    const wrong = await root.json('POST', '/admin/engines', { kind: 'fortisandbox', enabled: true, config: config('wrong') });
    assert.deepEqual([wrong.enabled, wrong.available], [false, false]);
    await root.json('DELETE', '/admin/engines/fortisandbox');
    const made = await root.json('POST', '/admin/engines', { kind: 'fortisandbox', enabled: true, mandatory: true, config: config(SECRET) });
    assert.deepEqual([made.enabled, made.available, made.class], [true, true, 'sandbox'], JSON.stringify(made));
    assert.ok(!JSON.stringify(made).includes(SECRET));
    engine = made.id;
    assert.deepEqual(made.self_test.map(({ probe }) => probe), ['reached'], 'no file was shown to it');
  });

  it('a package waits for a late verdict, and the file is given away once', async () => {
    sandbox.state.working = true;
    const id = await send('the figures of March');
    await until('it has the file', () => sandbox.state.submitted === 1, 30_000);
    await until('it is noted', async () => (await said(id)).some(({ qualifier }) => qualifier === 'pending'), 30_000);
    const questions = () => sandbox.questions.filter(({ content }) => content.includes('get-jobs-of-submission')).length;
    await until('it was asked after twice', () => questions() >= 2, 60_000);
    assert.equal((await alice.json('GET', `/packages/${id}`)).state, 'checking');
    sandbox.state.working = false;
    assert.equal(await over(id), 'delivered');
    assert.equal(sandbox.state.submitted, 1);
    assert.deepEqual((await said(id)).map(({ outcome }) => outcome), ['clean']);
  });

  it('what it calls malicious is blocked, and administrators find its report', async () => {
    const id = await send('sandbox: bad');
    assert.equal(await over(id), 'withheld');
    const [row] = await said(id);
    assert.deepEqual([row.outcome, row.name, row.detail], ['infected', 'W32/Simulated', 'https://sandbox.example.org/job-detail/1']);
  });

  it('what it knows by its hash it is not given again, and what others find it is spared', async () => {
    const before = sandbox.state.submitted;
    assert.equal(await over(await send('sandbox: bad')), 'withheld');
    assert.equal(await over(await send(EICAR)), 'withheld');
    assert.equal(sandbox.state.submitted, before);
  });

  it('a product that forgot everything is given the file again', async () => {
    sandbox.state.working = true;
    const before = sandbox.state.submitted;
    const id = await send('the figures of April');
    await until('it has the file', () => sandbox.state.submitted === before + 1, 30_000);
    sandbox.forget();
    sandbox.state.working = false;
    assert.equal(await over(id), 'delivered');
    assert.equal(sandbox.state.submitted, before + 2);
  });

  it('others work in the same way: each is given a file once, and one that finds something is enough', async () => {
    const { certificate, key } = selfSigned(sofie.dir);
    const others = {
      checkpoint: [await checkpoint({ apikey: SECRET }), { apikey: SECRET }],
      kata: [await kata({ sensor: SENSOR }), { sensor: SENSOR, client_certificate: certificate, client_key: key }],
      cape: [await cape({ token: SECRET }), { token: SECRET }],
    };
    try {
      await root.json('DELETE', `/admin/engines/${engine}`);
      for (const [kind, [server, config]] of Object.entries(others)) {
        const made = await root.json('POST', '/admin/engines', { kind, enabled: true, mandatory: true, config: { addresses: [server.address], ...config } });
        assert.deepEqual([made.enabled, made.available, made.class], [true, true, 'sandbox'], JSON.stringify(made));
        assert.ok(!JSON.stringify(made).includes(SECRET) && !JSON.stringify(made).includes('PRIVATE'), kind);
      }
      const outcomes = async (id) => {
        const { files: [{ verdicts }] } = await root.json('GET', `/admin/packages/${id}/verdicts`);
        return Object.fromEntries(verdicts.filter((row) => row.engine in others).map((row) => [row.engine, row.outcome]));
      };
      const clean = await send('the figures of May');
      assert.equal(await over(clean), 'delivered');
      assert.deepEqual(await outcomes(clean), { cape: 'clean', checkpoint: 'clean', kata: 'clean' });
      const bad = await send('sandbox: bad, in May');
      assert.equal(await over(bad), 'withheld');
      assert.ok(Object.values(await outcomes(bad)).includes('infected'));
      for (const [kind, [{ state }]] of Object.entries(others)) assert.equal(state.submitted, 2, kind);
    } finally {
      for (const [server] of Object.values(others)) await server.stop();
    }
  });
});
