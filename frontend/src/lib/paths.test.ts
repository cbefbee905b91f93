import { describe, expect, it } from 'vitest';
import { paths, safeReturnPath } from './paths';

function shown(tree: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]) => [
      name,
      typeof value === 'function' ? value('1', '2') : shown(value),
    ]),
  );
}

it('builds every URL', () => {
  expect(shown(paths)).toMatchSnapshot();
});

describe('safeReturnPath', () => {
  it.each(['/inbox', '/send/1?x=2', '/'])('follows %s', (next) => {
    expect(safeReturnPath(next, '/home')).toBe(next);
  });
  it.each([
    undefined,
    5,
    '',
    'inbox',
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
  ])('does not follow %s', (next) => {
    expect(safeReturnPath(next, '/home')).toBe('/home');
  });
});
