// @vitest-environment jsdom
import { beforeEach, expect, it } from 'vitest';
import { takeSecret } from './secret';

beforeEach(() => window.history.replaceState(null, '', '/'));

it('takes the secret and leaves none in the address', () => {
  window.history.replaceState(null, '', '/p?x=1#pk_secret');
  const entries = window.history.length;
  expect(takeSecret()).toBe('pk_secret');
  expect(window.location.href).toMatch(/\/p\?x=1$/);
  expect(window.history.length).toBe(entries);
});

it('finds nothing where there is nothing', () => {
  expect(takeSecret()).toBeNull();
});
