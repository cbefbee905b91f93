import { describe, expect, test } from 'vitest';
import type { Setting } from '~/api/admin-types';
import { INHERITED, ownWordOf, ruleChanges, rulesOf, withoutRules, wordOf } from './rules';

const choice = (key: string, value: string, options: string[]): Setting => ({
  key,
  group: key.split('.')[0] ?? '',
  kind: 'choice',
  value,
  default: value,
  min: null,
  max: null,
  options,
  changed: false,
});

const macros = choice('checks.macro', 'flag', ['deliver', 'flag', 'quarantine', 'reject']);
const incoming = choice('incoming.macro', 'same', ['same', 'deliver', 'flag', 'quarantine', 'reject']);
const language = choice('instance.language', 'en', ['en', 'cs']);

describe('rules', () => {
  test('come in pairs, and only rules', () => {
    expect(rulesOf([language, macros, incoming])).toEqual([{ name: 'macro', outgoing: macros, incoming }]);
    expect(rulesOf([macros])).toEqual([]);
  });

  test('are left out of the other settings', () => {
    expect(withoutRules([language, macros, incoming])).toEqual([language]);
  });

  test('show what was chosen before what is saved', () => {
    expect(wordOf(macros, {})).toBe('flag');
    expect(wordOf(macros, { 'checks.macro': 'reject' })).toBe('reject');
  });

  test('of a group are inherited until it has its own', () => {
    expect(ownWordOf(macros, {}, {})).toBe(INHERITED);
    expect(ownWordOf(macros, { 'checks.macro': 'reject' }, {})).toBe('reject');
    expect(ownWordOf(macros, { 'checks.macro': 'reject' }, { 'checks.macro': INHERITED })).toBe(INHERITED);
  });

  test('of a group are sent if they changed', () => {
    const own = { 'checks.macro': 'reject' };
    expect(ruleChanges(own, { 'checks.macro': 'reject', 'incoming.macro': INHERITED })).toEqual({});
    expect(ruleChanges(own, { 'checks.macro': INHERITED })).toEqual({ 'checks.macro': null });
    expect(ruleChanges(own, { 'incoming.macro': 'flag' })).toEqual({ 'incoming.macro': 'flag' });
  });
});
