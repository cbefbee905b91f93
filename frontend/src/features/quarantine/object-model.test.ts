import { describe, expect, it } from 'vitest';
import type { ObjectInFile, Verdict } from '~/api/admin-types';
import { objectTree, waysToFindings } from './object-model';

const object = (path: string, depth: number): ObjectInFile => ({
  path,
  depth,
  media_type: 'application/zip',
  size: 1,
  sha256: null,
  surface_only: false,
});

const verdict = (outcome: Verdict['outcome'], at: string | null): Verdict => ({
  engine: 'eicar',
  outcome,
  level: null,
  qualifier: null,
  exception_id: null,
  name: 'x',
  object: at,
  detail: null,
  engine_version: null,
  signature_version: null,
  at: '2026-01-01T00:00:00Z',
});

const LIST = [
  object('a.zip', 0),
  object('a.zip/b.zip', 1),
  object('a.zip/b.zip/c', 2),
  object('a.zip/d', 1),
  object('a.zip/d', 1),
];

describe('the tree of objects', () => {
  it('puts members below their container', () => {
    const root = objectTree(LIST, []);
    expect(root?.children.map((child) => child.name)).toEqual(['b.zip', 'd', 'd']);
    expect(root?.children[0]?.children.map((child) => child.name)).toEqual(['c']);
  });

  it('shows each finding once: where it is, or at the file', () => {
    const said = [
      verdict('infected', 'a.zip/b.zip/c'),
      verdict('error', null),
      verdict('infected', 'a.zip/not-listed'),
      verdict('infected', 'a.zip/d'),
      verdict('clean', null),
    ];
    const root = objectTree(LIST, [...said, ...said]);
    expect(root?.findings).toEqual([said[1], said[2]]);
    expect(root?.children.map((child) => child.findings.length)).toEqual([0, 1, 0]);
    expect(root?.children[0]?.children[0]?.findings).toEqual([said[0]]);
    expect(root && [...waysToFindings(root)].sort()).toEqual([0, 1]);
  });

  it('is nothing without a list', () => {
    expect(objectTree([], [])).toBeUndefined();
  });
});
