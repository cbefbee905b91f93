// Hours of mixed work with faults in between (P27): memory, descriptors and the time of an answer do not creep up. And a
// sender who floods the checks does not make the others wait (P20).
//
// SOFIE_SOAK_MINUTES (default 0.5) is how long; drift is judged from 5 minutes on, when caches are full: shorter runs hold
// only what must not grow at all, descriptors and open connections. SOFIE_FLOOD (default 300) is how many files the flood has,
// SOFIE_SEED repeats what is chosen by chance.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, sha256 } from '../lib/api.mjs';
import { random } from '../lib/kills.mjs';
import { EICAR, noise, text, zip } from '../lib/samples.mjs';
import { query } from '../lib/scan.mjs';
import { Sofie, until } from '../lib/sofie.mjs';

const MINUTES = Number(process.env.SOFIE_SOAK_MINUTES ?? 0.5);
const FLOOD = Number(process.env.SOFIE_FLOOD ?? 300);
const SEED = Number(process.env.SOFIE_SEED ?? Date.now() % 1_000_000);
const chance = random(SEED);
/** From here on the drift of memory and time is judged. */
const LONG = 5;

const share = (list, part) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];
const resident = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+)/m)[1]) / 1024;
const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;
const sessions = (data) => Number(query(data, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")[0]);

describe('soak', () => {
  let sofie, alice, bob;
  before(async () => {
    sofie = await Sofie.start();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
    bob = new Api(sofie.url, { token: await sofie.addUser('bob@example.org') });
  });
  after(() => sofie?.remove());

  const sent = async (api, content, name = 'a.bin') => {
    const { id } = await api.package({ type: 'public' });
    await api.put(id, name, content);
    return { id, pack: await api.deliver(id, 120_000) };
  };

  it('a sender with many files does not make another wait', { timeout: 20 * 60_000 }, async () => {
    const document = text(200);
    const once = async () => {
      const began = performance.now();
      const { pack } = await sent(bob, Buffer.concat([document, randomBytes(16)]));
      assert.equal(pack.state, 'delivered');
      return performance.now() - began;
    };
    const quiet = [];
    for (let i = 0; i < 20; i += 1) quiet.push(await once());
    const { id } = await alice.package({ type: 'public' });
    for (let i = 0; i < FLOOD; i += 1) await alice.put(id, `${i}.zip`, zip({ 'a.bin': noise(60_000) }));
    await alice.json('POST', `/packages/${id}/send`);
    const beside = [];
    const open = async () => (await alice.json('GET', `/packages/${id}`)).state === 'checking';
    while (beside.length < 3 || (beside.length < 40 && (await open()))) beside.push(await once());
    console.log(`# to verdict: alone p50 ${share(quiet, 0.5).toFixed(0)} ms, p95 ${share(quiet, 0.95).toFixed(0)} ms; beside ${FLOOD} files p50 ${share(beside, 0.5).toFixed(0)} ms, p95 ${share(beside, 0.95).toFixed(0)} ms (${beside.length} tries)`);
    // In the order of arrival the first try alone would have waited for all of them.
    assert.ok(await open() || beside.length > 3, 'the others came before the end of the flood');
    assert.equal((await alice.settled(id, 10 * 60_000)).state, 'delivered');
  });

  /** Breaks off in the middle of a body. */
  const brokenUpload = async () => {
    const { id } = await alice.package({ type: 'public' });
    await new Promise((resolve) => {
      const headers = { ...alice.headers(), 'Content-Length': 1 << 20 };
      const upload = request(`${sofie.url}/api/v1/packages/${id}/files/broken.bin`, { method: 'PUT', headers, agent: false });
      upload.on('error', resolve).on('close', resolve);
      upload.write(randomBytes(200_000), () => upload.destroy());
    });
    await alice.json('DELETE', `/packages/${id}`).catch(() => undefined);
  };
  const brokenDownload = async ({ id, file }) => {
    await new Promise((resolve) => {
      const download = request(`${sofie.url}/api/v1${alice.content(id, file)}`, { headers: alice.headers(), agent: false }, (answer) => {
        answer.once('data', () => answer.destroy()).on('close', resolve).on('error', resolve);
      });
      download.on('error', resolve).end();
    });
  };
  const brokenDatabase = () => {
    const mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1";
    query(sofie.data, mine);
  };

  it(`memory, descriptors and connections do not creep up in ${MINUTES} minutes`, { timeout: (MINUTES + 10) * 60_000 }, async () => {
    const ends = Date.now() + MINUTES * 60_000;
    const samples = [];
    const answers = [];
    const count = { packages: 0, reads: 0, broken: 0, held: 0 };
    const kept = [];
    const whole = async () => {
      const bad = chance() < 0.1;
      const size = chance() < 0.1 ? 3_000_000 : 20_000;
      const data = bad ? EICAR : randomBytes(Math.ceil(chance() * size));
      const content = chance() < 0.3 ? zip({ 'inside.bin': data }) : data;
      const { id, pack } = await sent(alice, content);
      count.packages += 1;
      if (pack.state !== 'delivered') {
        count.held += 1;
        assert.ok(bad, `${pack.state} is no state of a harmless package`);
        return;
      }
      assert.ok(!bad, 'what is dangerous is held');
      kept.push({ id, file: pack.files[0].id, sha: sha256(content) });
      if (kept.length > 50) await alice.json('DELETE', `/packages/${kept.shift().id}`);
    };
    const read = async () => {
      if (kept.length === 0) return await sleep(20);
      const one = kept[Math.floor(chance() * kept.length)];
      const began = performance.now();
      const answer = await alice.raw('GET', alice.content(one.id, one.file));
      if (answer.status !== 200) return await sleep(20);
      answers.push(performance.now() - began);
      count.reads += 1;
      assert.equal(sha256(answer.body), one.sha);
    };
    const fault = async () => {
      await sleep(200 + chance() * 800);
      count.broken += 1;
      if (chance() < 0.4) return await brokenUpload();
      if (chance() < 0.9 && kept.length > 0) return await brokenDownload(kept[0]);
      brokenDatabase();
    };
    const forever = async (work) => {
      while (Date.now() < ends) {
        // What a fault hits fails, and is begun anew; what was answered must be true.
        await work().catch((error) => {
          if (error instanceof assert.AssertionError) throw error;
        });
      }
    };
    const idle = { descriptors: descriptors(sofie.pid), sessions: sessions(sofie.data) };
    const watch = (async () => {
      while (Date.now() < ends) {
        samples.push(resident(sofie.pid));
        await sleep(1000);
      }
    })();
    await Promise.all([...[whole, whole, read, fault].map(forever), watch]);
    console.log(`# seed ${SEED}: ${count.packages} packages, ${count.held} held, ${count.reads} whole reads, ${count.broken} faults`);
    assert.ok(count.packages > 0 && count.held > 0 && count.reads > 0 && count.broken > 0, 'there was work, and there were faults');
    await until('connections and descriptors are given back', () => descriptors(sofie.pid) <= idle.descriptors + 12 && sessions(sofie.data) <= idle.sessions + 6, 90_000, 1000);
    const drift = (list, part) => {
      const quarter = Math.floor(list.length / 4);
      return share(list.slice(3 * quarter), part) / share(list.slice(quarter, 2 * quarter), part) - 1;
    };
    const percent = (value) => `${(100 * value).toFixed(1)} %`;
    const grown = { memory: drift(samples, 0.5), time: drift(answers, 0.99) };
    console.log(`# memory ${share(samples, 0.5).toFixed(0)} MiB, drift ${percent(grown.memory)}; p99 of a read ${share(answers, 0.99).toFixed(0)} ms, drift ${percent(grown.time)}; ${descriptors(sofie.pid)} descriptors after ${idle.descriptors}`);
    if (MINUTES >= LONG) assert.ok(grown.memory < 0.05, `the memory grew by ${percent(grown.memory)}`);
  });
});
