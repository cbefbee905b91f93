// What the checks cost beside the engines that they ask (P-8, P-9): a bare INSTREAM client and clamdscan on the same files
// with the same clamd, in one run; the time to the mail beside that of its public parts; and how fast the inspector is alone.
// Usage: SOFIE_BIN=target/release/sofie node bench/checks.mjs [ROUNDS]   (needs what make install-test installs, and clamdscan)
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { crc32, deflateRawSync } from 'node:zlib';
import { Api } from '../tests/e2e/lib/api.mjs';
import { python, table } from '../tests/e2e/lib/corpus.mjs';
import { Clamd } from '../tests/e2e/lib/engines.mjs';
import { Mailbox } from '../tests/e2e/lib/smtp.mjs';
import { PASSWORD, Sofie, until } from '../tests/e2e/lib/sofie.mjs';
import { at, median, timed } from './figures.mjs';

const ROUNDS = Number(process.argv[2] ?? 3);
const DOCUMENTS = 330;
const MIB = 2 ** 20;
const LARGE = 100 * MIB;
const MAILS = 40;
/** As many files as the product shows to an engine of one package at once. */
const AT_ONCE = 2;
const YARA = 'rule bench { strings: $a = "a word that is in none of these files" $b = { 4d 5a ?? ?? de ad be ef } condition: any of them }';

/** What a bare client does: one connection for a file, the content in pieces, one answer. */
function instream(socket, content) {
  return new Promise((resolve, reject) => {
    const peer = connect(socket);
    let answer = '';
    peer.on('error', reject).on('data', (data) => (answer += data));
    peer.on('close', () => (/OK\0$/.test(answer) ? resolve() : reject(new Error(answer))));
    peer.write('zINSTREAM\0');
    for (let from = 0; from < content.length; from += 64 * 1024) {
      const piece = content.subarray(from, from + 64 * 1024);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(piece.length);
      peer.write(length);
      peer.write(piece);
    }
    peer.write(Buffer.alloc(4));
  });
}

/** Gives every file to `one`, some at once. */
async function each(files, one) {
  const queue = [...files];
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) await one(file);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** What a bare mail client says. */
function mail(port) {
  return new Promise((resolve, reject) => {
    const peer = connect(port, '127.0.0.1').setEncoding('utf8');
    const lines = ['EHLO bench', 'MAIL FROM:<a@example.org>', 'RCPT TO:<b@example.org>', 'DATA', 'Subject: x\r\n\r\nhello\r\n.', 'QUIT'];
    peer.on('error', reject).on('data', () => (lines.length > 0 ? peer.write(`${lines.shift()}\r\n`) : peer.end()));
    peer.on('close', resolve);
  });
}

/** A ZIP archive of one deflated member. */
function zip(name, content) {
  const data = deflateRawSync(content);
  const head = Buffer.alloc(26);
  head.writeUInt16LE(20, 0);
  head.writeUInt16LE(8, 4);
  head.writeUInt16LE(0x21, 8);
  head.writeUInt32LE(crc32(content), 10);
  head.writeUInt32LE(data.length, 14);
  head.writeUInt32LE(content.length, 18);
  head.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), head, Buffer.from(name), data]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), head, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

/** Half of it does not repeat, half does, as in documents. */
function half(size) {
  const content = Buffer.alloc(size, 'The quick brown fox jumps over the lazy dog, and then it does so once more. ');
  for (let from = 0; from < size; from += 2048) randomBytes(1024).copy(content, from);
  return content;
}

/** The same clamd, with a number of signatures: without one nothing that it says is taken over, and this one has no official ones. */
async function numbered(socket) {
  const server = createServer((client) => {
    client.once('data', (first) => {
      if (first.toString('latin1').startsWith('zVERSION')) return client.end('ClamAV 1.4.6/27500/Sat Nov 28 09:00:00 2026\0');
      const peer = connect(socket);
      peer.write(first);
      client.pipe(peer).pipe(client);
    });
    client.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const sofie = await Sofie.start();
const box = await Mailbox.start();
const clamd = await Clamd.start(sofie.dir, { limit: '200M', settings: ['SelfCheck 0'] });
try {
  await sofie.addAdministrator('root@example.org');
  const root = new Api(sofie.url);
  await root.json('POST', '/admin/session', { email: 'root@example.org', password: PASSWORD });
  const set = (values) => root.json('PATCH', '/admin/settings', { values });
  await set({ 'mail.smtp_host': '127.0.0.1', 'mail.smtp_port': box.port, 'mail.smtp_security': 'none' });
  const alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });

  const folder = join(sofie.dir, 'documents');
  await python('ordinary.py', folder, String(DOCUMENTS));
  const listed = JSON.parse(readFileSync(join(folder, 'manifest.json')));
  const plain = join(sofie.dir, 'plain');
  mkdirSync(plain);
  const documents = listed.map(({ id, name }) => {
    const path = join(plain, `${id}-${name.split('/').at(-1)}`);
    copyFileSync(join(folder, id), path);
    return { name: `${id}/${name}`, path, content: readFileSync(path) };
  });
  const bytes = documents.reduce((sum, { content }) => sum + content.length, 0);

  /** Milliseconds from sending files to the end of their checks. */
  const checked = async (files) => {
    const { id } = await alice.package({ type: 'public', title: 'bench' });
    for (const { name, content } of files) await alice.put(id, name, content);
    await alice.json('POST', `/packages/${id}/send`);
    const over = async () => {
      const { state, ...found } = await alice.json('GET', `/packages/${id}`);
      return ['uploading', 'checking'].includes(state) ? null : { state, ...found };
    };
    let found;
    const took = await timed(async () => (found = await until('the checks', over, 600_000, 5)));
    const bad = found.files.filter(({ check }) => !['clean', 'flagged'].includes(check));
    if (bad.length > DOCUMENTS / 50) throw new Error(`${bad.length} files are held`);
    return took;
  };
  const rows = [['what', 'files', 'MiB', 'bare client', 'clamdscan', 'SOFiE', 'SOFiE × bare', 'known to SOFiE']];
  const measured = { docs: [[], [], [], []], large: [[], [], [], []] };
  const config = join(clamd.dir, 'clamd.conf');
  const clamdscan = (path) => {
    try {
      execFileSync('clamdscan', ['--stream', '--multiscan', '--quiet', '-c', config, path]);
    } catch (error) {
      if (error.status !== 1) throw error;
    }
  };
  const has = (tool) => { try { execFileSync('which', [tool]); return true; } catch { return false; } };

  // --- the inspector alone, before there is another engine
  await set({ 'checks.reuse_hours': 0 });
  const opaque = { name: 'opaque.bin', content: randomBytes(LARGE) };
  const text = half(LARGE);
  const archive = { name: 'archive.zip', content: zip('inside.txt', text) };
  const alone = { docs: [], opaque: [], archive: [], file: [], fileOnce: [] };
  await checked(documents.slice(0, 20));
  for (let round = 0; round < ROUNDS; round += 1) {
    alone.docs.push(await checked(documents));
    alone.opaque.push(await checked([opaque]));
    alone.archive.push(await checked([archive]));
    alone.file.push(await timed(async () => { for (const { path } of documents) execFileSync('file', ['-b', path]); }));
    alone.fileOnce.push(await timed(async () => execFileSync('file', ['-b', ...documents.map(({ path }) => path)])));
  }
  await root.json('POST', '/admin/rule-sets', { name: 'bench', source: YARA });
  await root.json('PUT', '/admin/rule-sets/bench/active', { version: 1 });
  await checked(documents.slice(0, 20));
  alone.yara = [];
  alone.yaraDocs = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    alone.yara.push(await checked([opaque]));
    alone.yaraDocs.push(await checked(documents));
  }
  await root.json('PUT', '/admin/rule-sets/bench/active', { version: null });

  // --- beside clamd
  const addresses = { addresses: [clamd.address] };
  await root.json('POST', '/admin/engines', { kind: 'clamd', enabled: true, mandatory: true, largest_file: 200 * MIB, config: addresses });
  const largePath = join(sofie.dir, 'opaque.bin');
  writeFileSync(largePath, opaque.content);
  await checked(documents.slice(0, 20));
  for (let round = 0; round < ROUNDS; round += 1) {
    measured.docs[0].push(await timed(() => each(documents, ({ content }) => instream(clamd.socket, content).catch(() => undefined))));
    if (has('clamdscan')) measured.docs[1].push(await timed(async () => clamdscan(plain)));
    measured.docs[2].push(await checked(documents));
    measured.large[0].push(await timed(() => instream(clamd.socket, opaque.content)));
    if (has('clamdscan')) measured.large[1].push(await timed(async () => clamdscan(largePath)));
    measured.large[2].push(await checked([opaque]));
  }
  await set({ 'checks.reuse_hours': 24 });
  const proxy = await numbered(clamd.socket);
  await root.json('PATCH', '/admin/engines/clamd', { config: { addresses: [`tcp:127.0.0.1:${proxy.address().port}`] } });
  await checked(documents);
  await checked([opaque]);
  for (let round = 0; round < ROUNDS; round += 1) {
    measured.docs[3].push(await checked(documents));
    measured.large[3].push(await checked([opaque]));
  }
  const row = (name, list, count, size) => {
    const [bare, scan, ours, known] = list.map((times) => (times.length > 0 ? median(times) : Number.NaN));
    const rate = (ms) => (Number.isNaN(ms) ? '-' : count > 1 ? `${((count * 1000) / ms).toFixed(0)} /s` : `${ms.toFixed(0)} ms`);
    rows.push([name, count, (size / MIB).toFixed(1), rate(bare), rate(scan), rate(ours), (ours / bare).toFixed(2), rate(known)]);
  };
  row('documents', measured.docs, documents.length, bytes);
  row('one large file', measured.large, 1, LARGE);

  // --- one small package at a time, until its mail was taken
  await set({ 'checks.reuse_hours': 0 });
  const one = async (content) => {
    const { id } = await alice.package({ title: 'bench', recipients: ['bob@example.net'] });
    await alice.put(id, 'a.txt', content);
    const before = box.mails.length;
    const started = performance.now();
    await alice.json('POST', `/packages/${id}/send`);
    await until('the mail', () => box.mails.slice(before).some(({ to }) => to.includes('bob@example.net')), 60_000, 1);
    return performance.now() - started;
  };
  const note = Buffer.from('a note of a few words\n'.repeat(200));
  const through = { parts: [], ours: [], known: [] };
  for (let turn = 0; turn < MAILS; turn += 1) {
    through.parts.push(await timed(async () => {
      await instream(clamd.socket, note);
      await mail(box.port);
    }));
    through.ours.push(await one(note));
  }
  await set({ 'checks.reuse_hours': 24 });
  await one(note);
  for (let turn = 0; turn < MAILS; turn += 1) through.known.push(await one(note));
  proxy.close();

  console.log(`${ROUNDS} rounds, medians; ${AT_ONCE} files at once; all on the same cores\n`);
  console.log(table(rows));
  const ms = (list) => [at(list, 0.5).toFixed(1), at(list, 0.99).toFixed(1)];
  console.log(`\n${table([['send to SMTP 250, ms', 'p50', 'p99'], ['clamd and SMTP alone', ...ms(through.parts)], ['SOFiE', ...ms(through.ours)], ['SOFiE, known content', ...ms(through.known)]])}`);
  const rate = (ms, size) => `${(size / 1e6 / (ms / 1000)).toFixed(0)} MB/s`;
  const perDocument = (list) => `${((documents.length * 1000) / median(list)).toFixed(0)} /s`;
  console.log(`\n${table([
    ['the inspector alone', 'rate'],
    ['opaque, 100 MiB', rate(median(alone.opaque), LARGE)],
    [`ZIP of 100 MiB (${(archive.content.length / MIB).toFixed(0)} MiB), by what is inside`, rate(median(alone.archive), LARGE)],
    ['opaque with YARA', rate(median(alone.yara), LARGE)],
    ['documents: type, listing, everything', perDocument(alone.docs)],
    ['documents with YARA', perDocument(alone.yaraDocs)],
    ['file(1), a process for each', perDocument(alone.file)],
    ['file(1), one process', perDocument(alone.fileOnce)],
  ])}`);
} finally {
  await clamd.stop();
  box.stop();
  await sofie.remove();
}
