import { beforeEach, describe, expect, it } from 'vitest';
import { type Source, type TransferEvents, Uploader } from './uploader';

type Started = { path: string; events: TransferEvents; stopped: boolean; discarded: boolean };

const source = (path: string, size = 100): Source => ({ path, size, modified: 0, type: '', blob: null });

describe('uploader', () => {
  let started: Started[];
  let timers: { run: () => void; ms: number }[];
  let clock: number;
  let uploader: Uploader;
  const state = (path: string) =>
    uploader.snapshot().items.find((item) => item.source.path === path)?.state.name;
  const key = (path: string) =>
    uploader.snapshot().items.find((item) => item.source.path === path)?.key ?? '';
  const last = (path: string): Started => {
    const found = started.findLast((one) => one.path === path);
    if (!found) throw new Error(`${path} was never started`);
    return found;
  };

  beforeEach(() => {
    started = [];
    timers = [];
    clock = 0;
    uploader = new Uploader('p1', {
      transport: (_, { path }, events) => {
        const one: Started = { path, events, stopped: false, discarded: false };
        started.push(one);
        return {
          stop: () => {
            one.stopped = true;
          },
          discard: async () => {
            one.discarded = true;
          },
        };
      },
      now: () => clock,
      schedule: (run, ms) => {
        const timer = { run, ms };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    });
  });

  it('sends three at a time, the next when one is done', () => {
    uploader.add(['a', 'b', 'c', 'd'].map((path) => source(path)));
    expect(started.map((one) => one.path)).toEqual(['a', 'b', 'c']);
    expect(state('d')).toBe('waiting');
    last('b').events.done('file-b');
    expect(state('b')).toBe('done');
    expect(state('d')).toBe('sending');
  });

  it('leaves out a path that is here already, but replaces one that failed', () => {
    uploader.add([source('a'), source('a')]);
    expect(started).toHaveLength(1);
    last('a').events.failed({ code: 'too_large', retryable: false });
    uploader.add([source('a', 50)]);
    expect(uploader.snapshot().items).toHaveLength(1);
    expect(uploader.snapshot().total).toBe(50);
    expect(state('a')).toBe('sending');
  });

  it('retries a lost connection at growing intervals, and starts afresh after progress', () => {
    uploader.add([source('a')]);
    last('a').events.failed({ code: 'network', retryable: true });
    expect(state('a')).toBe('retrying');
    timers.at(-1)?.run();
    last('a').events.failed({ code: 'network', retryable: true });
    expect(timers.map((timer) => timer.ms)).toEqual([1000, 2000]);
    timers.at(-1)?.run();
    last('a').events.progress(10);
    last('a').events.failed({ code: 'network', retryable: true });
    expect(timers.at(-1)?.ms).toBe(1000);
  });

  it('does not retry what the server refused, until it is asked to', () => {
    uploader.add([source('a')]);
    last('a').events.failed({ code: 'quota_exceeded', retryable: false });
    expect(uploader.snapshot().items[0]?.state).toEqual({ name: 'failed', code: 'quota_exceeded' });
    expect(timers).toHaveLength(0);
    uploader.resume(key('a'));
    expect(state('a')).toBe('sending');
  });

  it('pausing stops the transfer and lets the next one go; late reports are ignored', () => {
    uploader.add(['a', 'b', 'c', 'd'].map((path) => source(path)));
    const transfer = last('a');
    uploader.pause(key('a'));
    expect(transfer.stopped).toBe(true);
    expect(state('d')).toBe('sending');
    transfer.events.progress(99);
    transfer.events.failed({ code: 'network', retryable: true });
    expect(state('a')).toBe('paused');
    expect(uploader.snapshot().items[0]?.sent).toBe(0);
    uploader.resume(key('a'));
    expect(state('a')).toBe('waiting');
  });

  it('a transfer that was replaced after pause and resume can not finish the new one', () => {
    uploader.add([source('a')]);
    const first = last('a');
    uploader.pause(key('a'));
    uploader.resume(key('a'));
    first.events.done('stale');
    expect(state('a')).toBe('sending');
    last('a').events.done('fresh');
    expect(uploader.snapshot().items[0]?.state).toEqual({ name: 'done', fileId: 'fresh' });
  });

  it('pauses and resumes all, and leaves finished ones alone', () => {
    uploader.add([source('a'), source('b')]);
    last('a').events.done('x');
    uploader.pauseAll();
    expect([state('a'), state('b')]).toEqual(['done', 'paused']);
    uploader.resumeAll();
    expect([state('a'), state('b')]).toEqual(['done', 'sending']);
  });

  it('removing deletes what had arrived, but never a finished file', async () => {
    uploader.add([source('a'), source('b')]);
    const [a, b] = [last('a'), last('b')];
    b.events.done('x');
    await uploader.remove(key('a'));
    await uploader.remove(key('b'));
    expect([a.discarded, b.discarded]).toEqual([true, false]);
    expect(uploader.snapshot().items).toHaveLength(0);
  });

  it('goes at once when the network is back', () => {
    uploader.add([source('a')]);
    last('a').events.failed({ code: 'network', retryable: true });
    uploader.wake();
    expect(state('a')).toBe('sending');
    expect(timers).toHaveLength(0);
  });

  it('measures speed and the time left', () => {
    uploader.add([source('a', 1000)]);
    last('a').events.progress(0);
    clock = 1000;
    last('a').events.progress(100);
    expect(uploader.snapshot()).toMatchObject({ sent: 100, total: 1000, speed: 100, secondsLeft: 9 });
    uploader.pauseAll();
    expect(uploader.snapshot()).toMatchObject({ speed: 0, secondsLeft: null, active: 0, paused: 1 });
  });

  it('tells its listeners until they leave', () => {
    let told = 0;
    const leave = uploader.subscribe(() => {
      told += 1;
    });
    uploader.add([source('a')]);
    expect(told).toBe(1);
    leave();
    last('a').events.progress(1);
    expect(told).toBe(1);
  });
});
