/** The wire types of /api/v1/admin. Imported together with types.ts, generated together with it. */
import type { LicenceState } from './licence-types';
import type { Instance, Outcome, PackageSummary } from './types';

export type AdminSession = {
  administrator: {
    id: string;
    email: string;
    name: string;
    permissions: AdministratorPermission[];
  } | null;
  instance: Instance;
  licence: LicenceState | null;
};

export type Warning = {
  code:
    | 'no_antivirus'
    | 'no_smtp'
    | 'jobs_dead'
    | 'mail_failed'
    | 'base_url_unset'
    | 'low_disk'
    | 'kafka_away'
    | 'licence'
    | 'files_corrupted'
    | 'files_inaccessible'
    | 'integrity_failed';
  detail: string | null;
};
export type Dashboard = {
  packages: { active: number; checking: number; quarantined: number; deleted: number };
  oldest_check_seconds: number | null;
  storage: { used: number; free: number | null };
  mail: { queued: number; failed: number; transport: 'smtp' | 'none' };
  jobs: { queued: number; dead: number };
  users: number;
  warnings: Warning[];
};

export type Waiting = {
  package: PackageSummary;
  started_at: string | null;
  deadline: string | null;
  checked: number;
  running: boolean;
  next_at: string | null;
  awaited: string[];
};

export type Exception = {
  id: string;
  sha256: string | null;
  engine: string | null;
  finding: string | null;
  /** An address, a domain behind an @, or a group behind group:; empty is everybody. */
  sender: string;
  /** The name of that group; null if it is gone. */
  group: string | null;
  reason: string;
  state: 'proposed' | 'active' | 'expired' | 'revoked';
  proposed_by: string;
  proposed_at: string;
  approved_by: string | null;
  approved_at: string | null;
  revoked_by: string | null;
  expires_at: string;
};
export type ExceptionInput = {
  sha256?: string;
  engine?: string;
  finding?: string;
  sender: string;
  reason: string;
  expires_at: string;
};
export type ListedHash = { sha256: string; comment: string; added_by: string; added_at: string };

export type PackageView = 'active' | 'checking' | 'quarantined' | 'waiting' | 'deleted' | 'all';

export type Verdict = {
  engine: string;
  outcome: Outcome | 'clean' | 'skipped' | 'pending';
  level: 'low' | 'medium' | 'high' | null;
  /** What kind of limit, rule or error it was. */
  qualifier: string | null;
  name: string;
  exception_id: string | null;
  object: string | null;
  detail: string | null;
  engine_version: string | null;
  signature_version: string | null;
  at: string;
};
export type Verdicts = { files: { file_id: string; path: string; verdicts: Verdict[] }[] };

/** The file itself, or a member of a container in it. */
export type ObjectInFile = {
  path: string;
  media_type: string;
  size: number;
  sha256: string | null;
  depth: number;
  surface_only: boolean;
};
/** Each container comes before its members. */
export type ObjectList = { objects: ObjectInFile[]; unlisted: number };

/** A version of a set of YARA rules. */
export type RuleSetVersion = {
  number: number;
  sha256: string;
  bytes: number;
  rules: number;
  author: string | null;
  created_at: string;
};
/** A set of YARA rules; its newest version comes first. */
export type RuleSet = { name: string; active_version: number | null; versions: RuleSetVersion[] };

/** A held file in an archive with a password. */
export type Sample = { name: string; size: number; password: string };

export const USER_PERMISSIONS = [
  'send_private',
  'send_internal',
  'send_public',
  'request',
  'briefcase',
  'api_tokens',
  'approve',
] as const;
export type UserPermission = (typeof USER_PERMISSIONS)[number];

export const ADMINISTRATOR_PERMISSIONS = [
  'administrators',
  'users',
  'logs',
  'settings',
  'packages',
  'contents',
  'samples',
  'quarantine',
  'engines',
  'licence',
  'keys',
] as const;
export type AdministratorPermission = (typeof ADMINISTRATOR_PERMISSIONS)[number];

export type AccountState = 'invited' | 'active' | 'disabled';
export type AdminUser = {
  id: string;
  email: string;
  name: string;
  state: AccountState;
  permissions: UserPermission[];
  groups: { id: string; name: string }[];
  created_at: string;
  last_login_at: string | null;
};
export type AdminUserInput = {
  email: string;
  name: string;
  password?: string;
  permissions?: UserPermission[];
};
export type AdminUserPatch = { name?: string; state?: AccountState; permissions?: UserPermission[] };
export type Administrator = {
  id: string;
  email: string;
  name: string;
  permissions: AdministratorPermission[];
  created_at: string;
  last_login_at: string | null;
};

export const ENGINE_STAGES = ['reputation', 'antivirus', 'sandbox'] as const;
export type EngineStage = (typeof ENGINE_STAGES)[number];
export type EngineTypes = {
  mode: 'all' | 'only' | 'except';
  endings: string[];
  others: 'skip' | 'unscannable';
};
export type EngineSetup = {
  kind: string;
  version: number;
  largest_file: number;
  oversize: 'unscannable' | 'skip';
  types: EngineTypes;
  at_once: number;
  seconds: number;
  config: Record<string, EngineValue>;
  /** Names of the secrets that are set. */
  secrets: string[];
  updated_at: string;
};
export type Engine = {
  id: string;
  name: string;
  class: 'internal' | EngineStage;
  enabled: boolean;
  mandatory: boolean;
  available: boolean | null;
  version: string | null;
  signature_version: string | null;
  signature_at: string | null;
  last_error: string | null;
  checked_at: string | null;
  self_test: { probe: string; passed: boolean; detail: string | null }[];
  busy: number;
  waiting: number;
  /** None of an internal engine. */
  setup: EngineSetup | null;
};
export type EngineValue = string | boolean | string[];
export type EngineField = {
  name: string;
  holds: 'text' | 'long_text' | 'list' | 'secret' | 'long_secret' | 'flag' | 'choice';
  required: boolean;
  default: EngineValue | null;
  words: string[] | null;
  example: string | null;
};
export type EngineKind = {
  kind: string;
  title: string;
  stage: EngineStage;
  largest_file: number;
  at_once: number;
  seconds: number;
  fields: EngineField[];
};
export type EngineChange = {
  at: string;
  available: boolean;
  version: string | null;
  signature_version: string | null;
  error: string | null;
};

export type SettingValue = boolean | number | string | string[] | null;
export type Setting = {
  key: string;
  group: string;
  kind: 'bool' | 'integer' | 'text' | 'secret' | 'choice' | 'bytes' | 'list' | 'cron';
  value: SettingValue;
  default: SettingValue;
  min: number | null;
  max: number | null;
  options: string[] | null;
  changed: boolean;
};

export type MailState = 'queued' | 'sending' | 'sent' | 'failed' | 'held';
export type Mail = {
  id: string;
  to: string;
  subject: string;
  kind: string;
  state: MailState;
  attempts: number;
  created_at: string;
  sent_at: string | null;
  last_error: string | null;
};
export type MailContent = Mail & { text: string; html: string; hidden: boolean };

export type AuditEntry = {
  seq: number;
  at: string;
  event: string;
  severity: 'info' | 'notice' | 'warning' | 'alert';
  actor: { kind: string; label: string | null };
  ip: string | null;
  object: { kind: string; id: string } | null;
  data: unknown;
};

export type Job = {
  id: string;
  kind: string;
  state: string;
  attempt: number;
  run_at: string;
  last_error: string | null;
  created_at: string;
};
