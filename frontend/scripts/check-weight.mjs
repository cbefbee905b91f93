// Holds the weight of what a recipient's browser loads from the mailed link to the files: the script of the
// entry, of the pages on the way and of the texts in the larger language, compressed as the server sends it (UI-6).
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT_KB = 140;
const PAGES = [
  'routes/public/open-link.tsx',
  'routes/public/visit-package.tsx',
  'features/visits/password-form.tsx',
];
const TEXTS = ['common', 'visit', 'packages'];
const LANGUAGES = ['en', 'cs'];

const root = fileURLToPath(new URL('..', import.meta.url));
const { output } = await build({ root, logLevel: 'silent', build: { write: false } });
const chunks = new Map(output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]));

/** The chunk that holds a module of ours, by the end of its path. */
function holding(path) {
  const found = [...chunks.values()].find(({ moduleIds }) =>
    moduleIds.some((id) => id.replaceAll('\\', '/').endsWith(`/src/${path}`)),
  );
  if (!found) throw new Error(`no chunk holds ${path}`);
  return found.fileName;
}

/** A chunk and all that it cannot do without. */
function withImports(names, all = new Set()) {
  for (const name of names) {
    const chunk = chunks.get(name);
    if (!chunk || all.has(name)) continue;
    all.add(name);
    withImports(chunk.imports, all);
  }
  return all;
}

const packed = (name) => brotliCompressSync(chunks.get(name).code).length;
const sum = (names) => [...names].reduce((total, name) => total + packed(name), 0);

const entry = [...chunks.values()].find(({ isEntry }) => isEntry).fileName;
const code = withImports([entry, ...PAGES.map(holding)]);
const texts = LANGUAGES.map((language) => TEXTS.map((name) => holding(`locales/${language}/${name}.json`)));
const total = sum(code) + Math.max(...texts.map(sum));

const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(6);
for (const name of [...code].sort((a, b) => packed(b) - packed(a)).slice(0, 8))
  console.log(`${kb(packed(name))} kB ${name}`);
console.log(`weight: a recipient loads ${kb(total).trim()} kB of script (at most ${LIMIT_KB} kB)`);
process.exitCode = total <= LIMIT_KB * 1000 ? 0 : 1;
