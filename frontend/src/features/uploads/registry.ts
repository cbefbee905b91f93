import { tusTransport } from './tus-transport';
import { type Snapshot, Uploader } from './uploader';

/** All uploads of this tab, by package: they live outside React, so that changing pages does not stop them. */
const uploaders = new Map<string, Uploader>();
const listeners = new Set<() => void>();

export type Running = { packageId: string; snapshot: Snapshot };
let running: readonly Running[] = [];

function refresh(): void {
  running = [...uploaders.values()]
    .map((uploader) => ({ packageId: uploader.packageId, snapshot: uploader.snapshot() }))
    .filter(({ snapshot }) => snapshot.active + snapshot.paused + snapshot.failed > 0);
  for (const listener of listeners) listener();
}

export function uploaderOf(packageId: string): Uploader {
  const known = uploaders.get(packageId);
  if (known) return known;
  const uploader = new Uploader(packageId, {
    transport: tusTransport,
    now: () => performance.now(),
    schedule: (run, ms) => {
      const timer = window.setTimeout(run, ms);
      return () => window.clearTimeout(timer);
    },
  });
  guardLeaving();
  uploaders.set(packageId, uploader);
  uploader.subscribe(refresh);
  return uploader;
}

/** Ends the uploads of a package that is thrown away or belongs to a session that has ended. */
export function forgetUploads(packageId?: string): void {
  for (const [id, uploader] of uploaders) {
    if (packageId !== undefined && id !== packageId) continue;
    uploader.stop();
    uploaders.delete(id);
  }
  refresh();
}

export function subscribeRunning(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function runningUploads(): readonly Running[] {
  return running;
}

let guarded = false;

/** Leaving the site would stop what is being sent: the browser asks first. And when the network is back, nobody waits. */
function guardLeaving(): void {
  if (guarded) return;
  guarded = true;
  window.addEventListener('beforeunload', (event) => {
    if (running.some(({ snapshot }) => snapshot.active > 0)) event.preventDefault();
  });
  window.addEventListener('online', () => {
    for (const uploader of uploaders.values()) uploader.wake();
  });
}
