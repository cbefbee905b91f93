import { describe, expect, it } from 'vitest';
import { distinctFindings, emptyDraft, inputOf, missingForSend } from './model';

const draft = (change = {}) => ({ ...emptyDraft('private', 30), ...change });

describe('missingForSend', () => {
  it.each([
    [draft(), 1, 'recipients'],
    [draft({ type: 'public' }), 0, 'files'],
    [draft({ type: 'public' }), 1, null],
    [draft({ blind: ['a@b.cz'] }), 1, null],
    [draft({ recipients: ['a@b.cz', 'nonsense'] }), 1, 'bad_recipients'],
    [draft({ recipients: ['a@b.cz'], password: '' }), 1, 'password'],
    [draft({ recipients: ['a@b.cz'], password: 'x' }), 1, null],
  ])('%#', (value, files, missing) => {
    expect(missingForSend(value, files, false)).toBe(missing);
  });

  it('a password that the draft already has may stay', () => {
    expect(missingForSend(draft({ recipients: ['a@b.cz'], password: '' }), 1, true)).toBeNull();
  });
});

describe('inputOf', () => {
  it('leaves half an address out while typing, and sends it at the end, to be refused', () => {
    const value = draft({ recipients: ['a@b.cz', 'half@'] });
    expect(inputOf(value, false, false).recipients).toEqual(['a@b.cz']);
    expect(inputOf(value, true, false).recipients).toEqual(['a@b.cz', 'half@']);
  });

  it('says a password only when it was typed or taken away', () => {
    expect(inputOf(draft(), true, false)).not.toHaveProperty('password');
    expect(inputOf(draft({ password: '' }), true, true)).not.toHaveProperty('password');
    expect(inputOf(draft({ password: 'new' }), true, true).password).toBe('new');
    expect(inputOf(draft(), true, true).password).toBeNull();
  });
});

it('shows a doubled finding once', () => {
  const finding = { engine: 'eicar', outcome: 'infected' as const, name: 'x', object: null };
  expect(distinctFindings([finding, { ...finding }, { ...finding, object: 'a' }])).toHaveLength(2);
});
