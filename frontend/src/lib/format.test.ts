import { describe, expect, it } from 'vitest';
import {
  daysUntil,
  formatDuration,
  formatPercent,
  formatRelative,
  formatSize,
  formatSpeed,
  groupHash,
  plainName,
} from './format';

/** Narrow no-break spaces of the locale data read as plain ones here. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');
const now = Date.parse('2026-11-22T12:00:00Z');

describe('formatSize', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1500, '1.5 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [188_420_123, '188 MB'],
    [100e9, '100 GB'],
    [2.5e15, '2,500 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(plain(formatSize(bytes, 'en'))).toBe(text);
  });

  it('writes a comma in Czech', () => {
    expect(plain(formatSize(1500, 'cs'))).toBe('1,5 kB');
    expect(plain(formatSpeed(2_500_000.4, 'cs'))).toBe('2,5 MB/s');
  });
});

describe('formatPercent', () => {
  it('says 100 % only when all is there', () => {
    expect(plain(formatPercent(999, 1000, 'en'))).toBe('99%');
    expect(plain(formatPercent(1000, 1000, 'en'))).toBe('100%');
    expect(plain(formatPercent(0, 0, 'en'))).toBe('100%');
  });
});

describe('formatRelative', () => {
  it.each([
    ['2026-11-22T11:59:30Z', 'now', 'nyní'],
    ['2026-11-22T11:55:00Z', '5 minutes ago', 'před 5 minutami'],
    ['2026-11-22T09:00:00Z', '3 hours ago', 'před 3 hodinami'],
    ['2026-11-27T12:00:00Z', 'in 5 days', 'za 5 dní'],
    ['2024-11-01T12:00:00Z', '2 years ago', 'před 2 lety'],
  ])('%s is %s', (iso, en, cs) => {
    expect(formatRelative(iso, now, 'en')).toBe(en);
    expect(plain(formatRelative(iso, now, 'cs'))).toBe(cs);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 sec'],
    [59.6, '1 min'],
    [130, '2 min 10 sec'],
    [3600, '1 hr'],
    [90_061, '1 day 1 hr'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(plain(formatDuration(seconds, 'en'))).toBe(text);
  });
});

it('counts begun days', () => {
  expect(daysUntil('2026-11-23T11:00:00Z', now)).toBe(1);
});

it('groups a hash for reading aloud', () => {
  expect(groupHash('0123456789abcdef01')).toBe('01234567 89abcdef 01');
});

it('shows what turns a name around', () => {
  expect(plainName('invoice\u202efdp.exe')).toBe('invoice\ufffdfdp.exe');
  expect(plainName('žluťoučký kůň 💣.txt')).toBe('žluťoučký kůň 💣.txt');
});
