// Holds the budgets and the layers of the front end: file and component sizes, no `any`, who may import whom, and what
// the policy of the pages (CSP) would stop.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const FILE_LINES = 300;
const COMPONENT_LINES = 120;
const src = fileURLToPath(new URL('../src', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const loaded = readFileSync(join(src, 'ui/theme/mantine.css'), 'utf8');
const problems = [];

/** The folder at the top of src, and for features the noun. */
function placeOf(path) {
  const [layer, noun] = path.split('/');
  return { layer, noun };
}

/** lib, ui, api, i18n ← features ← routes; a feature does not import another. */
function checkImport(path, target) {
  const from = placeOf(path);
  const to = placeOf(target);
  const low = ['lib', 'ui', 'api', 'i18n', 'locales'];
  if (low.includes(from.layer) && ['features', 'routes'].includes(to.layer))
    return 'lower layers do not import features';
  if (from.layer === 'features' && to.layer === 'routes') return 'features do not import routes';
  if (from.layer === 'features' && to.layer === 'features' && from.noun !== to.noun)
    return 'features do not import features';
  return null;
}

function targetOf(path, specifier) {
  if (specifier.startsWith('~/')) return specifier.slice(2);
  if (!specifier.startsWith('.')) return null;
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Parts of the library that write a style element of their own: the page's policy forbids it, and the page falls over. */
const STYLE_WRITERS = ['SimpleGrid', 'Grid', 'Flex', 'AppShell', 'ColorSchemeScript'];

function checkLibrary(path, text) {
  for (const [, names] of text.matchAll(/import \{([^}]*)\} from '@mantine\/core'/g)) {
    const taken = names.split(',').map((name) => name.trim());
    for (const name of STYLE_WRITERS)
      if (taken.includes(name)) problems.push(`${path}: ${name} writes styles at run time; use a CSS module`);
    for (const name of taken) {
      const styles = `@mantine/core/styles/${name}.layer.css`;
      if (existsSync(join(modules, styles)) && !loaded.includes(styles))
        problems.push(`${path}: ${name} has styles that ui/theme/mantine.css does not load`);
    }
  }
  if (/=\{\{ *(base|xs|sm|md|lg|xl):/.test(text))
    problems.push(`${path}: a property per width writes styles at run time; use a CSS module`);
}

function checkComponents(path, source) {
  const visit = (node) => {
    const name = node.name?.text ?? '';
    const isFunction =
      ts.isFunctionDeclaration(node) || ts.isArrowFunction(node) || ts.isFunctionExpression(node);
    if (isFunction && (/^[A-Z]/.test(name) || /^use[A-Z]/.test(name))) {
      const first = source.getLineAndCharacterOfPosition(node.getStart()).line;
      const lines = source.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
      if (lines > COMPONENT_LINES)
        problems.push(`${path}: ${name} has ${lines} lines (at most ${COMPONENT_LINES})`);
    }
    if (node.kind === ts.SyntaxKind.AnyKeyword) problems.push(`${path}: any`);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

for (const path of readdirSync(src, { recursive: true }).map((one) => one.replaceAll('\\', '/'))) {
  if (!/\.tsx?$/.test(path) || path === 'api/schema.ts') continue;
  const text = readFileSync(join(src, path), 'utf8');
  const lines = text.trimEnd().split('\n').length;
  if (lines > FILE_LINES) problems.push(`${path}: ${lines} lines (at most ${FILE_LINES})`);
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    const target = targetOf(path, specifier);
    const why = target ? checkImport(path, target) : null;
    if (why) problems.push(`${path}: imports ${specifier}: ${why}`);
  }
  checkLibrary(path, text);
  checkComponents(path, ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
}

for (const problem of problems) console.error(problem);
console.log(`shape: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
