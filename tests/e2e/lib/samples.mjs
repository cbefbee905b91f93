// Files to send: harmless, dangerous by agreement, and built to deceive.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32, deflateRawSync } from 'node:zlib';

/** The test file of the antivirus industry (eicar.org), put together here so that no scanner takes this source for it. */
export const EICAR = Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join(''));

/** A zip archive of { name: Buffer } (APPNOTE 6.3.10, methods 0 and 8). */
export function zip(members, { stored = false } = {}) {
  const locals = [];
  const central = [];
  let offset = 0;
  for (const [name, data] of Object.entries(members)) {
    const packed = stored ? data : deflateRawSync(data, { level: 9 });
    const bytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2); // names are UTF-8
    common.writeUInt16LE(stored ? 0 : 8, 4);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(bytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, bytes, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, bytes]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** An archive that swells a thousandfold, six times over. */
export function bomb() {
  const zeros = Buffer.alloc(64 << 20);
  const inner = zip(Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i}.bin`, zeros])));
  return zip(Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i}.zip`, inner])));
}

/** A zip whose member needs a password (ZipCrypto, by Info-ZIP). */
export function encryptedZip() {
  const dir = mkdtempSync(join(tmpdir(), 'sofie-zip-'));
  try {
    writeFileSync(join(dir, 'secret.txt'), 'nobody looks into this');
    execFileSync('zip', ['-q', '-P', 'secret', 'out.zip', 'secret.txt'], { cwd: dir });
    return readFileSync(join(dir, 'out.zip'));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

export const text = (lines, word = 'ledger') =>
  Buffer.from(Array.from({ length: lines }, (_, i) => `${word} ${i} ${'0123456789'.repeat(3)}\n`).join(''));

export const noise = (size) => randomBytes(size);

/** A stream of `size` bytes that are the same each time: blocks of one random block, numbered. */
export function stream(size, { block = 1 << 20, seed = 1 } = {}) {
  const base = Buffer.alloc(block, `block of seed ${seed} `);
  function* blocks() {
    for (let at = 0; at < size; at += block) {
      const chunk = Buffer.from(base.subarray(0, Math.min(block, size - at)));
      if (chunk.length >= 8) chunk.writeDoubleBE(at, 0);
      yield chunk;
    }
  }
  return Readable.from(blocks(), { objectMode: false, highWaterMark: block });
}

/** A stream of zeros that reuses one buffer. */
export function zeros(size, block = 1 << 20) {
  const chunk = Buffer.alloc(block);
  function* blocks() {
    for (let at = 0; at < size; at += block) yield size - at >= block ? chunk : chunk.subarray(0, size - at);
  }
  return Readable.from(blocks(), { objectMode: false, highWaterMark: block });
}

/** Names that try to leave their folder, to lie or to break a header. */
export const HOSTILE_NAMES = [
  '..\\..\\evil.txt',
  'invoice\u202Efdp.txt',
  'a"; filename=evil.html; x=".txt',
  '<img src=x onerror=alert(1)>.txt',
  '%2e%2e%2fpasswd.txt',
  '$(id) `id` ; rm -rf.txt',
  '-rf.txt',
  'žluťoučký kůň 💣.txt',
  `${'x'.repeat(240)}.txt`,
  'con.txt',
];
