// Every language has every text, with its plural forms and placeholders; every key in the code exists; every word that the
// server sends has a text; no text is left over.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { auditEvents, findingNames, jobKinds, mailKinds, problemCodes, settingKeys } from './rust-words.mjs';

const src = fileURLToPath(new URL('../src', import.meta.url));
const locales = join(src, 'locales');
const languages = readdirSync(locales);
const PLURAL = /_(zero|one|two|few|many|other)$/;
const problems = [];

function flatten(value, prefix) {
  return Object.entries(value).flatMap(([key, text]) =>
    typeof text === 'string' ? [[`${prefix}${key}`, text]] : flatten(text, `${prefix}${key}.`),
  );
}

function textsOf(language) {
  const texts = new Map();
  for (const file of readdirSync(join(locales, language))) {
    const namespace = file.replace(/\.json$/, '');
    const parsed = JSON.parse(readFileSync(join(locales, language, file), 'utf8'));
    for (const [key, text] of flatten(parsed, `${namespace}:`)) texts.set(key, text);
  }
  return texts;
}

const placeholders = (text) => [...text.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1]).sort();
const all = new Map(languages.map((language) => [language, textsOf(language)]));
/** "too_many" ends like a plural form, but is one only where an "other" stands beside it. */
const base = (key) => {
  const stem = key.replace(PLURAL, '');
  return [...all.values()].some((texts) => texts.has(`${stem}_other`)) ? stem : key;
};
const plural = (language, key) => all.get(language).has(`${key}_other`);

// 1. The languages agree.
const keys = new Set([...all.values()].flatMap((texts) => [...texts.keys()].map(base)));
for (const [language, texts] of all) {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  for (const key of keys) {
    const isPlural = languages.some((other) => plural(other, key));
    const wanted = isPlural ? forms.map((form) => `${key}_${form}`) : [key];
    for (const name of wanted) {
      if (!texts.has(name)) problems.push(`${language}: ${name} is missing`);
      else if (texts.get(name).trim() === '') problems.push(`${language}: ${name} is empty`);
    }
    if (isPlural && texts.has(key)) problems.push(`${language}: ${key} has a plain and a plural form`);
  }
  for (const [key, text] of texts) {
    const other = all.get(languages[0]);
    const model = other.get(key) ?? other.get(`${base(key)}_other`);
    if (model !== undefined && placeholders(text).join() !== placeholders(model).join()) {
      problems.push(`${language}: ${key} has other placeholders than ${languages[0]}`);
    }
  }
}

// 2. The code and the texts agree.
const code = readdirSync(src, { recursive: true })
  .filter((path) => /\.tsx?$/.test(path) && !/\.(test|d)\.tsx?$/.test(path))
  .map((path) => readFileSync(join(src, path), 'utf8'))
  .join('\n');
const used = new Set();
const prefixes = new Set();
const full = (key) => (key.includes(':') ? key : `common:${key}`);
for (const [, key] of code.matchAll(/\bt\(\s*'([^']+)'/g)) used.add(full(key));
for (const [, prefix] of code.matchAll(/\bt\(\s*`([^`$]+)\$\{/g)) prefixes.add(full(prefix));
for (const [, prefix] of code.matchAll(/\btextOf\(\s*t,\s*'([^']+)'/g)) prefixes.add(`${full(prefix)}.`);
for (const [, key] of code.matchAll(
  /[?:]\s*'((?:common|packages|visit|send|account|admin|settings):[^']+)'/g,
))
  used.add(key);
prefixes.add('admin:event.');

for (const key of used) if (!keys.has(key)) problems.push(`the code uses ${key}, which no language has`);
for (const prefix of prefixes) {
  if (![...keys].some((key) => key.startsWith(prefix)))
    problems.push(`the code uses ${prefix}*, which no language has`);
}
for (const key of keys) {
  if (!used.has(key) && ![...prefixes].some((prefix) => key.startsWith(prefix)))
    problems.push(`nothing uses ${key}`);
}

// 3. The server's words and the texts agree.
for (const [prefix, words, own] of [
  ['admin:event.', auditEvents()],
  ['admin:jobs.kind.', jobKinds()],
  ['admin:outbox.kind.', mailKinds()],
  ['settings:help.', settingKeys()],
  ['settings:label.', settingKeys()],
  ['packages:finding_name.', findingNames()],
  // Some failures happen here, before the server is asked.
  ['common:error.', problemCodes(), true],
]) {
  if (words.size < 5)
    problems.push(`only ${words.size} words for ${prefix}* were found in the server's sources`);
  for (const word of words) {
    if (!keys.has(`${prefix}${word}`))
      problems.push(`the server says ${word}, but no language has ${prefix}${word}`);
  }
  for (const key of keys) {
    if (!own && key.startsWith(prefix) && !words.has(key.slice(prefix.length)))
      problems.push(`the server never says what ${key} is for`);
  }
}

for (const problem of problems) console.error(problem);
console.log(`${keys.size} texts in ${languages.join(', ')}: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
