/** The wire types of /api/v1, in one place. Everything else imports them from here. */

export type PackageType = 'private' | 'internal' | 'public';
export type Life = 'requested' | 'uploading' | 'submitted' | 'active' | 'deleted' | 'archived' | 'shredded';
export type Check = 'pending' | 'clean' | 'flagged' | 'blocked' | 'unscannable' | 'released';
export type PackageState =
  | 'draft'
  | 'uploading'
  | 'checking'
  | 'delivered'
  | 'partly_delivered'
  | 'withheld'
  | 'awaiting_decision'
  | 'expired'
  | 'deleted';
export type Withheld =
  | 'uploading'
  | 'not_sent'
  | 'checks_pending'
  | 'blocked'
  | 'unscannable'
  | 'approval_pending'
  | 'rejected'
  | 'expired'
  | 'deleted'
  | 'password_required'
  | 'identity_required'
  | 'access_limit'
  | 'not_recipient';
export type Outcome =
  | 'infected'
  | 'suspicious'
  | 'encrypted'
  | 'incomplete'
  | 'unsupported'
  | 'policy_hit'
  | 'error';

export type Finding = { engine: string; outcome: Outcome; name: string; object: string | null };

export type PackageFile = {
  id: string;
  /** Folder and name, separated by "/". */
  path: string;
  name: string;
  size: number;
  received: number;
  complete: boolean;
  media_type: string | null;
  sha256: string | null;
  check: Check;
  released: { at: string; reason: string; by: string } | null;
  deliverable: boolean;
  withheld: Withheld | null;
  /** Held because it is encrypted, and the reader may give its password. */
  locked: boolean;
  findings: Finding[];
};

export type Recipient = { id: string; email: string; blind: boolean; notified_at: string | null };

export type Package = {
  id: string;
  type: PackageType;
  state: PackageState;
  life: Life;
  check: Check;
  approval: 'not_required' | 'waiting' | 'approved' | 'rejected';
  title: string;
  note: string;
  sender: { email: string; name: string | null; guest: boolean };
  role: 'sender' | 'recipient' | 'administrator' | 'approver';
  recipients: Recipient[];
  created_at: string;
  submitted_at: string | null;
  activated_at: string | null;
  expires_at: string | null;
  /** For how many days it can be fetched once delivered. */
  expires_in_days: number;
  has_password: boolean;
  access_limit: number | null;
  link: string | null;
  send_requested: boolean;
  files: PackageFile[];
  file_count: number;
  total_size: number;
  progress: { received: number; total: number; checked_files: number };
  request_id: string | null;
  can: {
    edit: boolean;
    send: boolean;
    delete: boolean;
    restore: boolean;
    extend: boolean;
    notify: boolean;
    download: boolean;
    zip: boolean;
    unlock: boolean;
  };
  version: number;
};
export type PackageSummary = Omit<Package, 'files' | 'note'>;
export type Box = 'inbox' | 'sent' | 'drafts' | 'deleted';

export type PackageInput = {
  type?: PackageType;
  title?: string;
  note?: string;
  recipients?: string[];
  blind_recipients?: string[];
  expires_in_days?: number;
  /** null takes it away again, as with the access limit. */
  password?: string | null;
  access_limit?: number | null;
  request_id?: string;
  /** Gives up the answer to the request that another browser has begun. */
  start_over?: boolean;
};

export type Instance = {
  name: string;
  setup_required: boolean;
  first_screen: 'login' | 'guest';
  guest_form: boolean;
  default_type: PackageType;
  types: PackageType[];
  languages: string[];
  limits: {
    file_size: number;
    package_size: number;
    files: number;
    recipients: number;
    title: number;
    note: number;
  };
  expiry_days: { min: number; default: number; max: number };
  password_min: number;
  demo: boolean;
};

export type Session = {
  user: { id: string; email: string; name: string; locale: string | null } | null;
  visitor: { email: string | null } | null;
  can: {
    send_private: boolean;
    send_internal: boolean;
    send_public: boolean;
    request: boolean;
    briefcase: boolean;
    api_tokens: boolean;
    approve: boolean;
  };
  instance: Instance;
};

export type SessionEntry = {
  id: string;
  current: boolean;
  created_at: string;
  last_seen_at: string;
  ip: string | null;
  user_agent: string | null;
};

export type ApiToken = {
  id: string;
  name: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
};
export type NewApiToken = ApiToken & { token: string };

export type Visit = {
  kind: 'package' | 'request';
  id: string;
  step: 'code' | 'login' | 'password' | 'confirm_access' | 'waiting' | 'ready';
  masked_email: string | null;
  code_sent_at: string | null;
  package: Package | null;
  access: { limit: number; left: number } | null;
  request: {
    id: string;
    title: string;
    note: string;
    requester: { email: string; name: string | null };
    email: string;
    expires_at: string;
  } | null;
};

export type FileRequest = {
  id: string;
  email: string;
  title: string;
  note: string;
  link: string;
  state: 'open' | 'uploading' | 'fulfilled' | 'expired' | 'cancelled';
  has_password: boolean;
  created_at: string;
  expires_at: string;
  package_id: string | null;
};
export type FileRequestInput = {
  email: string;
  title?: string;
  note?: string;
  password?: string;
  send_mail?: boolean;
  expires_in_days?: number;
};

export type Download = {
  file_id: string | null;
  /** Of the file; null for the ZIP of all files. */
  name: string | null;
  at: string;
  complete: boolean;
  bytes: number;
  ip: string | null;
  who: string | null;
};
export type Tracking = {
  recipients: {
    id: string;
    email: string;
    blind: boolean;
    notified_at: string | null;
    mail: 'none' | 'queued' | 'sent' | 'failed';
    opened_at: string | null;
    downloads: Download[];
  }[];
  others: Download[];
};

/** A package that waits for approval, and the held files that an approval is of. */
export type ToApprove = { package: Package; held: { file_id: string; round: number }[] };

export type Page<T> = { items: T[]; next_cursor: string | null };
export type Items<T> = { items: T[] };
