import { useSyncExternalStore } from 'react';
import { type Running, runningUploads, subscribeRunning, uploaderOf } from './registry';
import type { Snapshot } from './uploader';

const EMPTY: Snapshot = {
  items: [],
  sent: 0,
  total: 0,
  speed: 0,
  secondsLeft: null,
  active: 0,
  retrying: 0,
  paused: 0,
  failed: 0,
  done: 0,
};
const none = (): (() => void) => () => {};

export function useUploads(packageId: string | null): Snapshot {
  const uploader = packageId === null ? null : uploaderOf(packageId);
  return useSyncExternalStore(uploader?.subscribe ?? none, uploader?.snapshot ?? (() => EMPTY));
}

export function useRunningUploads(): readonly Running[] {
  return useSyncExternalStore(subscribeRunning, runningUploads);
}
