import type {
  Check,
  Finding,
  Package,
  PackageFile,
  PackageInput,
  PackageState,
  PackageType,
} from '~/api/types';
import { isEmail } from '~/lib/email';
import type { Tone } from '~/ui/badge/badge';

/** Pure rules of packages: how states look, what may be sent. No React, no network. */

export const STATE_TONES: Record<PackageState, Tone> = {
  draft: 'mute',
  uploading: 'info',
  checking: 'info',
  delivered: 'good',
  partly_delivered: 'warn',
  withheld: 'bad',
  awaiting_decision: 'warn',
  expired: 'mute',
  deleted: 'mute',
};

/** States that go on by themselves: worth a moving dot, and worth listening to. */
export function isMoving(state: PackageState): boolean {
  return state === 'uploading' || state === 'checking';
}

export type FileWord = 'arriving' | Check;

export function fileWord(file: PackageFile): FileWord {
  return file.complete ? file.check : 'arriving';
}

export const FILE_TONES: Record<FileWord, Tone> = {
  arriving: 'info',
  pending: 'info',
  clean: 'good',
  flagged: 'warn',
  released: 'warn',
  blocked: 'bad',
  unscannable: 'bad',
};

/** The worst first. */
const WORST: readonly Finding['outcome'][] = [
  'infected',
  'suspicious',
  'encrypted',
  'incomplete',
  'unsupported',
  'error',
  'policy_hit',
];

/** A finding said twice by one engine about one object is shown once; what matters most stands first. */
export function distinctFindings(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  const sorted = [...findings].sort((a, b) => WORST.indexOf(a.outcome) - WORST.indexOf(b.outcome));
  return sorted.filter(({ engine, outcome, name, object }) => {
    const key = [engine, outcome, name, object].join('\0');
    return seen.has(key) ? false : seen.add(key);
  });
}

/** Share of the checks that is done, 0 … 1. */
export function checkedShare(value: Pick<Package, 'progress' | 'file_count'>): number {
  return value.file_count === 0 ? 0 : value.progress.checked_files / value.file_count;
}

export type Draft = {
  type: PackageType;
  recipients: string[];
  blind: string[];
  title: string;
  note: string;
  days: number;
  /** null: no password; '': wanted, not typed yet (or kept, when the draft has one). */
  password: string | null;
  accessLimit: number | null;
};

export function emptyDraft(type: PackageType, days: number): Draft {
  return { type, recipients: [], blind: [], title: '', note: '', days, password: null, accessLimit: null };
}

export function draftOf(value: Package): Draft {
  const emails = (blind: boolean) =>
    value.recipients.filter((one) => one.blind === blind).map((one) => one.email);
  return {
    type: value.type,
    recipients: emails(false),
    blind: emails(true),
    title: value.title,
    note: value.note,
    days: value.expires_in_days,
    password: value.has_password ? '' : null,
    accessLimit: value.access_limit,
  };
}

/** What the server is told. While typing, half an address is left out, so that the rest can be saved. */
export function inputOf(draft: Draft, finished: boolean, hadPassword: boolean): PackageInput {
  const keep = (emails: string[]) => (finished ? emails : emails.filter(isEmail));
  const input: PackageInput = {
    type: draft.type,
    title: draft.title.trim(),
    note: draft.note,
    recipients: keep(draft.recipients),
    blind_recipients: keep(draft.blind),
    expires_in_days: draft.days,
  };
  if (draft.password) input.password = draft.password;
  else if (draft.password === null && hadPassword) input.password = null;
  input.access_limit = draft.accessLimit;
  return input;
}

export type Missing = 'recipients' | 'bad_recipients' | 'files' | 'password';

/** Why it can't be sent yet; the button says it. */
export function missingForSend(draft: Draft, fileCount: number, hadPassword: boolean): Missing | null {
  const everybody = [...draft.recipients, ...draft.blind];
  if (draft.type === 'private' && everybody.length === 0) return 'recipients';
  if (everybody.some((address) => !isEmail(address))) return 'bad_recipients';
  if (fileCount === 0) return 'files';
  if (draft.password === '' && !hadPassword) return 'password';
  return null;
}
