import { expect, it } from 'vitest';
import type { Setting } from '~/api/admin-types';
import { changesOf, joinBytes, splitBytes } from './model';

const setting = (change: Partial<Setting>): Setting => ({
  key: 'a.b',
  group: 'a',
  kind: 'text',
  value: 'x',
  default: 'x',
  min: null,
  max: null,
  options: null,
  changed: false,
  ...change,
});

it('sends only what differs, and a secret as soon as it was typed', () => {
  const settings = [
    setting({}),
    setting({ key: 'a.c' }),
    setting({ key: 'a.d', kind: 'secret', value: 'set' }),
  ];
  expect(changesOf(settings, { 'a.b': 'x', 'a.c': 'y', 'a.d': 'set' })).toEqual({ 'a.c': 'y', 'a.d': 'set' });
});

it.each([
  [0, 0, 'B'],
  [1023, 1023, 'B'],
  [1024, 1, 'KiB'],
  [100 * 2 ** 20, 100, 'MiB'],
  [2 ** 40, 1, 'TiB'],
  [2 ** 30 + 1, 2 ** 30 + 1, 'B'],
] as const)('%d bytes are %d %s, and back', (bytes, amount, unit) => {
  expect(splitBytes(bytes)).toEqual({ amount, unit });
  expect(joinBytes(amount, unit)).toBe(bytes);
});
