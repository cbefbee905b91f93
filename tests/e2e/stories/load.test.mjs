// Memory does not depend on size or number (promise 4). The long run has the figures of the issue: 200 uploads of 64 MB at
// once below 400 MB, and one file of 20 GB up, through the checks and down with flat memory.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { zeros } from '../lib/samples.mjs';
import { Sofie } from '../lib/sofie.mjs';

const LONG = process.env.SOFIE_LONG === '1';
const UPLOADS = LONG ? 200 : 60;
const UPLOAD_SIZE = (LONG ? 64 : 16) << 20;
const BIG = LONG ? 20 * 2 ** 30 : 2 * 2 ** 30;
const LIMIT = 400;
const MIB = 1 << 20;

/** Resident memory of the server and what it started, in MiB; the private PostgreSQL shares its buffers and is not counted. */
function resident(pid) {
  const children = new Map();
  const info = new Map();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(join('/proc', name, 'status'), 'utf8');
      const field = (key) => status.match(new RegExp(`^${key}:\\s+(\\S+)`, 'm'))?.[1];
      info.set(Number(name), { name: field('Name'), rss: Number(field('VmRSS') ?? 0) / 1024 });
      const parent = Number(field('PPid'));
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // gone meanwhile
    }
  }
  const sum = (id) => {
    const me = info.get(id);
    if (!me || me.name === 'postgres') return 0;
    return me.rss + (children.get(id) ?? []).reduce((total, child) => total + sum(child), 0);
  };
  return { server: info.get(pid)?.rss ?? 0, all: sum(pid) };
}

describe('memory', () => {
  let sofie, alice;
  before(async () => {
    sofie = await Sofie.start();
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(() => sofie?.remove());

  async function watched(work) {
    const most = { server: 0, all: 0 };
    const look = () => {
      const now = resident(sofie.pid);
      most.server = Math.max(most.server, now.server);
      most.all = Math.max(most.all, now.all);
    };
    const timer = setInterval(look, 100);
    try {
      await work();
      // Some work is done sooner than the first tick.
      look();
    } finally {
      clearInterval(timer);
    }
    return most;
  }

  it(`${UPLOADS} uploads of ${UPLOAD_SIZE / MIB} MiB at once stay below ${LIMIT} MB`, { timeout: 30 * 60_000 }, async () => {
    const idle = resident(sofie.pid);
    const { id } = await alice.package({ type: 'public' });
    const most = await watched(() => Promise.all(Array.from({ length: UPLOADS }, (_, i) => alice.put(id, `${i}.bin`, zeros(UPLOAD_SIZE, 64 << 10), UPLOAD_SIZE))));
    console.log(`# idle ${idle.server.toFixed(0)} MiB, most ${most.server.toFixed(0)} MiB`);
    assert.ok(most.server > 0 && most.server * MIB < LIMIT * 1e6, `${most.server.toFixed(0)} MiB`);
    await alice.json('DELETE', `/packages/${id}`);
  });

  it(`${BIG / 2 ** 30} GiB go up, through the checks and down with flat memory`, { timeout: 120 * 60_000 }, async () => {
    const small = await whole(64 * MIB);
    const big = await whole(BIG);
    for (const stage of ['up', 'checks', 'down']) {
      console.log(`# ${stage}: 64 MiB with ${small[stage].all.toFixed(0)} MiB, ${BIG / 2 ** 30} GiB with ${big[stage].all.toFixed(0)} MiB`);
    }
    for (const stage of ['up', 'checks', 'down']) {
      assert.ok(big[stage].all < small[stage].all * 1.3 + 40, `${stage}: ${small[stage].all.toFixed(0)} MiB became ${big[stage].all.toFixed(0)} MiB`);
      assert.ok(big[stage].all < 300, stage);
    }
  });

  async function whole(size) {
    const { id } = await alice.package({ type: 'public' });
    const up = await watched(() => alice.put(id, 'zeros.bin', zeros(size), size));
    let pack;
    const checks = await watched(async () => (pack = await alice.deliver(id, 60 * 60_000)));
    assert.equal(pack.state, 'delivered');
    let read = 0;
    const down = await watched(() => alice.raw('GET', alice.content(id, pack.files[0].id), { sink: (chunk) => (read += chunk.length) }));
    assert.equal(read, size);
    await alice.json('DELETE', `/packages/${id}`);
    return { up, checks, down };
  }
});
