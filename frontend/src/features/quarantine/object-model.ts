import type { ObjectInFile, Verdict } from '~/api/admin-types';

/** An object with the objects in it and what the engines found there. */
export type ObjectNode = {
  /** Its place in the list: paths may occur twice. */
  key: number;
  name: string;
  object: ObjectInFile;
  children: ObjectNode[];
  findings: Verdict[];
};

/** What says nothing about a place in the file. */
const SILENT = new Set<Verdict['outcome']>(['clean', 'skipped', 'pending']);

/** A member's path begins with its container's. */
function nameIn(container: ObjectInFile | undefined, path: string): string {
  const within = container && `${container.path}/`;
  return within && path.startsWith(within) ? path.slice(within.length) : path;
}

/**
 * Makes a tree of a list in which each container comes before its members. Each finding is at the object that it
 * names, or at the file itself.
 */
export function objectTree(
  objects: readonly ObjectInFile[],
  verdicts: readonly Verdict[],
): ObjectNode | undefined {
  const open: ObjectNode[] = [];
  const byPath = new Map<string, ObjectNode>();
  let root: ObjectNode | undefined;
  objects.forEach((object, key) => {
    while (open.length > 1 && (open.at(-1)?.object.depth ?? 0) >= object.depth) open.pop();
    const container = open.at(-1);
    const name = nameIn(container?.object, object.path);
    const node: ObjectNode = { key, name, object, children: [], findings: [] };
    container?.children.push(node);
    root ??= node;
    open.push(node);
    if (!byPath.has(object.path)) byPath.set(object.path, node);
  });
  // A re-check says again what was said: its rows come last.
  const said = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    const { engine, outcome, name, object } = verdict;
    said.set(JSON.stringify([engine, outcome, name, object]), verdict);
  }
  for (const verdict of said.values()) {
    if (SILENT.has(verdict.outcome)) continue;
    const place = (verdict.object !== null && byPath.get(verdict.object)) || root;
    place?.findings.push(verdict);
  }
  return root;
}

/** The keys of all objects on the way to a finding: what is open at first. */
export function waysToFindings(node: ObjectNode): Set<number> {
  const ways = new Set<number>([node.key]);
  const visit = (at: ObjectNode): boolean => {
    const below = at.children.map(visit).some(Boolean);
    if (below) ways.add(at.key);
    return below || at.findings.length > 0;
  };
  visit(node);
  return ways;
}
