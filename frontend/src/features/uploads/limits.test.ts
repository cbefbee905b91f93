import { expect, it } from 'vitest';
import type { Instance } from '~/api/types';
import { checkLimits } from './limits';

const limits: Instance['limits'] = {
  file_size: 100,
  package_size: 150,
  files: 3,
  recipients: 1,
  title: 1,
  note: 1,
};
const picked = (path: string, size: number) => {
  const file = new File([], path);
  Object.defineProperty(file, 'size', { value: size });
  return { file, path };
};

it('takes what fits and says of the rest why not', () => {
  const { accepted, refusals } = checkLimits(
    [picked('a', 100), picked('b', 101), picked('c', 51), picked('d', 1), picked('e', 1), picked('f', 1)],
    { count: 0, size: 0, paths: new Set() },
    limits,
  );
  expect(accepted.map(({ path }) => path)).toEqual(['a', 'd', 'e']);
  expect(refusals).toEqual([
    { path: 'b', why: 'file_too_large' },
    { path: 'c', why: 'package_too_large' },
    { path: 'f', why: 'too_many' },
  ]);
});

it('counts what is there already', () => {
  expect(
    checkLimits([picked('a', 10)], { count: 3, size: 0, paths: new Set() }, limits).refusals[0]?.why,
  ).toBe('too_many');
});

it('takes no path twice', () => {
  const present = { count: 1, size: 0, paths: new Set(['a']) };
  const { accepted, refusals } = checkLimits(
    [picked('a', 1), picked('b', 1), picked('b', 2)],
    present,
    limits,
  );
  expect(accepted.map(({ path }) => path)).toEqual(['b']);
  expect(refusals.map(({ path, why }) => `${path} ${why}`)).toEqual(['a duplicate', 'b duplicate']);
});
