// The words that the server sends and the front end puts into texts, read from the sources that make them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const crates = fileURLToPath(new URL('../../crates', import.meta.url));
const TESTS = /(^|[/\\])tests?([/\\]|\.rs$)/;

/** What stands between quotes in the inspector and looks like a finding, but is a header field, a coding or an ending. */
const NO_FINDINGS = new Set(
  [
    'appref-ms library-ms search-ms settingcontent-ms',
    'return-path delivered-to message-id mime-version reply-to dkim-signature x-mailer',
    'content-type content-transfer-encoding content-disposition smime-type certs-only',
    '7-bit 8-bit quoted-printable x-uuencode x-uue utf-16 encryption-data',
    'kebab-case id-nr',
  ]
    .join(' ')
    .split(' '),
);

function sources(crate) {
  const src = join(crates, crate, 'src');
  return readdirSync(src, { recursive: true })
    .filter((path) => path.endsWith('.rs') && !TESTS.test(path))
    .map((path) => readFileSync(join(src, path), 'utf8').split(/#\[cfg\(test\)\]\s*mod \w+ \{/)[0]);
}

const matches = (texts, pattern) =>
  texts.flatMap((text) => [...text.matchAll(pattern)].map(([, word]) => word));

/** The ids of the detectors of sensitive data. */
function sensitiveData() {
  const detectors = readFileSync(join(crates, 'inspector/src/dlp/config.rs'), 'utf8');
  return matches([detectors], /Self::\w+ => "([a-z-]+)"/g);
}

/** The names of what the inspector and the engines find; names that an antivirus makes up are not among them. */
export function findingNames() {
  const detectors = sensitiveData();
  const inside = matches(sources('inspector'), /"([a-z0-9]+(?:-[a-z0-9]+)+)"/g).filter(
    (word) => !detectors.includes(word),
  );
  const engines = sources('detection');
  const made = matches(engines, /\b(?:Finding::new|named)\((?:(?!\n\})[^;"])*"([^"]+)"/g);
  const named = matches(engines, /\bname: "([^"]+)"\.to_owned\(\)/g).filter((name) => name.includes('-'));
  const unnamed = matches(engines, /unwrap_or\("([a-z-]+)"\)/g);
  const ratings = matches(engines, /=> "(sandbox(?:-[a-z]+)+)"/g);
  // What Kaspersky Scan Engine says of a file stands for a name where it gives none.
  const results = matches(engines, /"(DISINFECTED|DELETED|NON_SCANNED(?: \((?!CANCELED)[A-Z ]+\))?)"/g);
  // Why an engine was not asked, and what the product's own lists say.
  const app = sources('app');
  const unasked = matches(app, /\b(?:nothing|not_asked|Finding::new)\([^"();]*"([a-z]+(?:-[a-z]+)+)"/g);
  const listed = matches(app, /\bsaid\(Outcome::\w+, "([a-z]+(?:-[a-z]+)+)"/g);
  const sensitive = detectors.map((id) => `dlp-${id}`);
  const found = [
    ...inside,
    ...sensitive,
    ...made,
    ...named,
    ...unnamed,
    ...ratings,
    ...results,
    ...unasked,
    ...listed,
  ];
  return new Set(found.filter((name) => !NO_FINDINGS.has(name)));
}

/** The kinds of entries of the audit log. */
export function auditEvents() {
  const audit = readFileSync(join(crates, 'domain/src/audit.rs'), 'utf8');
  return new Set(matches([audit], /^\s+\w+ = "([A-Z_]+)" \w+,$/gm));
}

/** The kinds of mails. */
export function mailKinds() {
  const templates = readFileSync(join(crates, 'mail/src/template.rs'), 'utf8');
  return new Set(matches([templates], /Self::\w+(?:\(_\))? => "([a-z_]+)"/g));
}

/** The codes of refusals. */
export function problemCodes() {
  const problem = readFileSync(join(crates, 'api/src/problem.rs'), 'utf8');
  const body = problem.match(/pub enum Code \{([^}]*)\}/)?.[1] ?? '';
  const snake = (name) => name.replaceAll(/(?!^)[A-Z]/g, '_$&').toLowerCase();
  return new Set(matches([body], /^\s+([A-Z]\w*),$/gm).map(snake));
}

/** The kinds of jobs. */
export function jobKinds() {
  return new Set(matches(sources('app'), /const NAME: &'static str = "([a-z_]+)"/g));
}

/** The keys of the settings; a rule has one text for both ways that a package goes. */
export function settingKeys() {
  const read = (name) => readFileSync(join(crates, 'domain/src/settings', name), 'utf8');
  const keys = matches(['table.rs', 'dlp.rs', 'upkeep.rs'].map(read), /"([a-z_]+\.[a-z_]+)"/g);
  const rules = matches([read('rules.rs')], /rule!\(\s*"([a-z_]+)"/g);
  return new Set([...keys, ...rules.map((name) => `checks.${name}`)]);
}
