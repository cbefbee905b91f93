import { describe, expect, it } from 'vitest';
import type { Engine, EngineKind } from '~/api/admin-types';
import { formOf, inputOf, moved } from './model';

const kind: EngineKind = {
  kind: 'x',
  title: 'X',
  stage: 'antivirus',
  largest_file: 10,
  at_once: 2,
  seconds: 30,
  fields: [
    { name: 'addresses', holds: 'list', required: true, default: null, words: null, example: 'a' },
    { name: 'token', holds: 'secret', required: false, default: null, words: null, example: null },
    { name: 'profile', holds: 'choice', required: true, default: 'a', words: ['a', 'b'], example: null },
  ],
};

describe('the form of an engine', () => {
  it('begins with what is usual for the kind', () => {
    expect(formOf(kind)).toMatchObject({
      name: 'X',
      seconds: 30,
      config: { addresses: [], token: '', profile: 'a' },
    });
  });

  it('shows what is set, and keeps a secret that nobody typed', () => {
    const engine = {
      name: 'Mine',
      class: 'sandbox',
      enabled: false,
      mandatory: false,
      setup: { config: { addresses: ['b'] }, secrets: ['token'], largest_file: 5 },
    } as unknown as Engine;
    const form = formOf(kind, engine);
    expect(form).toMatchObject({ name: 'Mine', stage: 'sandbox', enabled: false, largest_file: 5 });
    expect(inputOf(kind, form).config).toEqual({ addresses: ['b'], profile: 'a' });
    const typed = { ...form, config: { ...form.config, token: 'new' } };
    expect(inputOf(kind, typed).config.token).toBe('new');
  });
});

describe('the order', () => {
  it('puts one into the place of another', () => {
    expect(moved(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b']);
    expect(moved(['a', 'b', 'c'], 'a', 'c')).toEqual(['b', 'c', 'a']);
    expect(moved(['a', 'b'], 'a', 'x')).toEqual(['a', 'b']);
  });
});
