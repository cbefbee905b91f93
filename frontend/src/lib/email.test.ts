import { describe, expect, it } from 'vitest';
import { isEmail, splitAddresses } from './email';

describe('isEmail', () => {
  it.each(['a@b.cz', 'jana.novakova+x@example.co.uk', 'a@háčky.cz'])('takes %s', (text) => {
    expect(isEmail(text)).toBe(true);
  });
  it.each([
    '',
    'a',
    'a@',
    '@b.cz',
    'a@b',
    'a b@c.cz',
    'a@b..cz',
    'a@b.cz,c@d.cz',
    '<a@b.cz>',
    `${'a'.repeat(250)}@b.cz`,
  ])('refuses %s', (text) => {
    expect(isEmail(text)).toBe(false);
  });
});

describe('splitAddresses', () => {
  it('reads what a mail program copies', () => {
    expect(splitAddresses('Nová, Jana <jana@example.com>; petr@example.com')).toEqual([
      'jana@example.com',
      'petr@example.com',
    ]);
  });
  it('reads a column of a table, and drops doubles', () => {
    expect(splitAddresses('a@b.cz\nA@B.cz\r\nc@d.cz\t\n')).toEqual(['a@b.cz', 'c@d.cz']);
  });
  it('keeps what is not an address, to be marked and corrected', () => {
    expect(splitAddresses('jana@')).toEqual(['jana@']);
  });
});
