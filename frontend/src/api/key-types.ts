/** The wire types of keys, and of whether everything stored is intact. */
export type KeyState = 'ready' | 'adding' | 'removing';
export type Key = {
  id: string;
  active: boolean;
  state: KeyState;
  packages: number;
  /** What seals it where it lies; null: nothing, it is a file. */
  seal: string | null;
  found: boolean;
  closed: string | null;
  wraps: number;
  unwraps: number;
  last_used_at: string | null;
  added_at: string;
  activated_at: string | null;
  can: { activate: boolean; remove: boolean };
};
export type Keys = {
  items: Key[];
  /** Packages under another key than the active one, of all. */
  rotation: { running: boolean; left: number; total: number };
};

export type IntegrityRun = {
  state: 'running' | 'done' | 'cancelled' | 'failed';
  deep: boolean;
  asked_by: string | null;
  started_at: string;
  ended_at: string | null;
  percent: number;
  files: number;
  bytes: number;
  problems: Record<string, number>;
  error: string | null;
};
export type IntegrityFinding = {
  file_id: string;
  package_id: string;
  state: 'corrupted' | 'inaccessible';
  kind: string;
  detail: string;
  checked_at: string;
};
export type Integrity = {
  files: { total: number; ok: number; corrupted: number; inaccessible: number; unchecked: number };
  run: IntegrityRun | null;
  next_at: string | null;
  findings: IntegrityFinding[];
};
