import { Speedometer } from './speed';

/** What is sent: a name with folders, and bytes. The uploader itself never looks into the bytes. */
export type Source = { path: string; size: number; modified: number; type: string; blob: Blob | null };

export type Failure = { code: string; retryable: boolean };
export type TransferEvents = {
  progress: (sent: number) => void;
  done: (fileId: string) => void;
  failed: (failure: Failure) => void;
};
/** One attempt to bring one file over; `stop` keeps what has arrived, `discard` deletes it on the server. */
export type Transfer = { stop: () => void; discard: () => Promise<void> };
export type Transport = (packageId: string, source: Source, events: TransferEvents) => Transfer;

export type ItemState =
  | { name: 'waiting' }
  | { name: 'sending' }
  | { name: 'paused' }
  | { name: 'retrying'; attempt: number; code: string }
  | { name: 'done'; fileId: string }
  | { name: 'failed'; code: string };

export type Item = { key: string; source: Source; sent: number; state: ItemState };
export type Snapshot = {
  items: readonly Item[];
  sent: number;
  total: number;
  /** Bytes per second. */
  speed: number;
  secondsLeft: number | null;
  /** Files that still have to arrive and are neither paused nor failed. */
  active: number;
  /** Of those, how many wait for a lost connection. */
  retrying: number;
  paused: number;
  failed: number;
  done: number;
};

export type Environment = {
  transport: Transport;
  now: () => number;
  schedule: (run: () => void, ms: number) => () => void;
};

const PARALLEL = 3;
const RETRY_DELAYS_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];

type Entry = Item & { transfer: Transfer | null; cancelRetry: (() => void) | null; attempt: number };

/**
 * Sends the files of one package in the background, whatever page is shown.
 * A file waits, is sent, may be paused or retried, and ends done or failed; `done` is final.
 * Lost connections are retried for ever at growing intervals; refusals of the server are not.
 */
export class Uploader {
  readonly packageId: string;
  readonly #env: Environment;
  readonly #listeners = new Set<() => void>();
  readonly #speed = new Speedometer();
  #entries: Entry[] = [];
  #counter = 0;
  #snapshot: Snapshot;

  constructor(packageId: string, env: Environment) {
    this.packageId = packageId;
    this.#env = env;
    this.#snapshot = this.#measure();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): Snapshot => this.#snapshot;

  /** Adds files and starts at once. A path that is here already is replaced only if it failed; otherwise it is left out. */
  add(sources: readonly Source[]): void {
    for (const source of sources) {
      const known = this.#entries.find((entry) => entry.source.path === source.path);
      if (known && known.state.name !== 'failed') continue;
      if (known) this.#entries = this.#entries.filter((entry) => entry !== known);
      this.#counter += 1;
      this.#entries.push({
        key: String(this.#counter),
        source,
        sent: 0,
        state: { name: 'waiting' },
        transfer: null,
        cancelRetry: null,
        attempt: 0,
      });
    }
    this.#turn();
  }

  pause(key: string): void {
    const entry = this.#find(key, ['waiting', 'sending', 'retrying']);
    if (!entry) return;
    this.#halt(entry);
    entry.state = { name: 'paused' };
    this.#turn();
  }

  resume(key: string): void {
    const entry = this.#find(key, ['paused', 'failed']);
    if (!entry) return;
    entry.attempt = 0;
    entry.state = { name: 'waiting' };
    this.#turn();
  }

  pauseAll(): void {
    for (const entry of this.#entries) {
      if (!['waiting', 'sending', 'retrying'].includes(entry.state.name)) continue;
      this.#halt(entry);
      entry.state = { name: 'paused' };
    }
    this.#speed.reset();
    this.#turn();
  }

  resumeAll(): void {
    for (const { key } of [...this.#entries]) this.resume(key);
  }

  /** Forgets a file; what had arrived of an unfinished one is deleted on the server. */
  async remove(key: string): Promise<void> {
    const entry = this.#entries.find((one) => one.key === key);
    if (!entry) return;
    const { transfer } = entry;
    this.#halt(entry);
    this.#entries = this.#entries.filter((one) => one !== entry);
    this.#turn();
    if (entry.state.name !== 'done') await transfer?.discard();
  }

  /** The network is back: whoever waits for a retry goes at once. */
  wake(): void {
    for (const entry of this.#entries) {
      if (entry.state.name !== 'retrying') continue;
      entry.cancelRetry?.();
      entry.state = { name: 'waiting' };
    }
    this.#turn();
  }

  stop(): void {
    for (const entry of this.#entries) this.#halt(entry);
    this.#entries = [];
    this.#turn();
  }

  #find(key: string, states: ItemState['name'][]): Entry | undefined {
    return this.#entries.find((entry) => entry.key === key && states.includes(entry.state.name));
  }

  #halt(entry: Entry): void {
    entry.cancelRetry?.();
    entry.cancelRetry = null;
    entry.transfer?.stop();
  }

  /** Starts what may start, then tells the listeners. */
  #turn(): void {
    let running = this.#entries.filter((entry) => entry.state.name === 'sending').length;
    for (const entry of this.#entries) {
      if (running >= PARALLEL) break;
      if (entry.state.name !== 'waiting') continue;
      this.#start(entry);
      running += 1;
    }
    this.#tell();
  }

  #start(entry: Entry): void {
    entry.state = { name: 'sending' };
    const mine = (): boolean => entry.state.name === 'sending' && entry.transfer === transfer;
    const transfer: Transfer = this.#env.transport(this.packageId, entry.source, {
      progress: (sent) => {
        if (!mine()) return;
        if (sent > entry.sent) entry.attempt = 0;
        entry.sent = sent;
        this.#speed.report(this.#sum(), this.#env.now());
        this.#tell();
      },
      done: (fileId) => {
        if (!mine()) return;
        entry.sent = entry.source.size;
        entry.state = { name: 'done', fileId };
        this.#turn();
      },
      failed: (failure) => {
        if (!mine()) return;
        this.#fail(entry, failure);
      },
    });
    entry.transfer = transfer;
  }

  #fail(entry: Entry, failure: Failure): void {
    if (!failure.retryable) {
      entry.state = { name: 'failed', code: failure.code };
      this.#turn();
      return;
    }
    const delay = RETRY_DELAYS_MS[Math.min(entry.attempt, RETRY_DELAYS_MS.length - 1)] ?? 1000;
    entry.attempt += 1;
    entry.state = { name: 'retrying', attempt: entry.attempt, code: failure.code };
    entry.cancelRetry = this.#env.schedule(() => {
      if (entry.state.name !== 'retrying') return;
      entry.state = { name: 'waiting' };
      this.#turn();
    }, delay);
    this.#turn();
  }

  #sum(): number {
    return this.#entries.reduce((sum, entry) => sum + entry.sent, 0);
  }

  #measure(): Snapshot {
    const count = (...names: ItemState['name'][]): number =>
      this.#entries.filter((entry) => names.includes(entry.state.name)).length;
    const sent = this.#sum();
    const total = this.#entries.reduce((sum, entry) => sum + entry.source.size, 0);
    const active = count('waiting', 'sending', 'retrying');
    const speed = count('sending') > 0 ? this.#speed.at(this.#env.now()) : 0;
    return {
      items: this.#entries.map(({ key, source, sent: itemSent, state }) => ({
        key,
        source,
        sent: itemSent,
        state,
      })),
      sent,
      total,
      speed,
      secondsLeft: speed > 0 ? (total - sent) / speed : null,
      active,
      retrying: count('retrying'),
      paused: count('paused'),
      failed: count('failed'),
      done: count('done'),
    };
  }

  #tell(): void {
    this.#snapshot = this.#measure();
    for (const listener of this.#listeners) listener();
  }
}
