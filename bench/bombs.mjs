// How long ordinary packages wait for their verdict alone, and while somebody else's fifty bombs are checked.
// Usage: SOFIE_BIN=target/release/sofie node bench/bombs.mjs     (needs what make install-test installs)
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../tests/e2e/lib/api.mjs';
import { python, read, table } from '../tests/e2e/lib/corpus.mjs';
import { text } from '../tests/e2e/lib/samples.mjs';
import { Sofie, until } from '../tests/e2e/lib/sofie.mjs';

const BOMBS = 50;
const ALONE = 15;
const PAUSE = 300;

const sofie = await Sofie.start();
try {
  const alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  const mallory = new Api(sofie.url, { token: await sofie.addUser('mallory@example.org') });
  const dir = join(sofie.dir, 'bombs');
  await python('bombs.py', dir);
  const bombs = read(dir);

  /** Milliseconds from sending an ordinary package to its verdict. */
  const verdict = async () => {
    const { id } = await alice.package({ type: 'public', title: 'ordinary' });
    await alice.put(id, 'ledger.txt', text(2000));
    const started = performance.now();
    await alice.json('POST', `/packages/${id}/send`);
    await until('the verdict', async () => (await alice.json('GET', `/packages/${id}`)).state === 'delivered', 300_000, 10);
    return performance.now() - started;
  };

  await verdict();
  const alone = [];
  while (alone.length < ALONE) alone.push(await verdict());
  const laid = [];
  for (let number = 0; number < BOMBS; number += 1) {
    const bomb = bombs[number % bombs.length];
    const { id } = await mallory.package({ type: 'public', title: bomb.name });
    await mallory.put(id, bomb.name, readFileSync(bomb.path));
    laid.push(id);
  }
  const started = performance.now();
  await Promise.all(laid.map((id) => mallory.json('POST', `/packages/${id}/send`)));
  let over = 0;
  const end = Promise.all(laid.map((id) => mallory.settled(id, 600_000))).then(() => (over = performance.now() - started));
  // One after another would measure the first one only: the others would come when the bombs are over.
  const beside = [];
  while (over === 0) {
    beside.push(verdict());
    await sleep(PAUSE);
  }
  await end;
  const row = (name, times) => {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(0);
    return [name, times.length, at(0), at(0.5), at(0.95), at(1)];
  };
  console.log(table([['ms to the verdict', 'packages', 'least', 'median', '95 %', 'most'], row('alone', alone), row(`beside ${BOMBS} bombs`, await Promise.all(beside))]));
  console.log(`all bombs over after ${over.toFixed(0)} ms`);
} finally {
  await sofie.remove();
  rmSync(sofie.dir, { recursive: true, force: true });
}
