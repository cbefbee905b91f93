import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Verdict } from '~/api/admin-types';
import { engineText, textOf, useT } from '~/i18n/use-t';
import { plainName } from '~/lib/format';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { CopyButton } from '~/ui/actions/copy-button';
import { Badge } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { ListSkeleton, LoadError } from '~/ui/feedback/feedback';
import { Size } from '~/ui/fields/size';
import { objectsQuery } from './api';
import { type ObjectNode, objectTree, waysToFindings } from './object-model';
import classes from './object-tree.module.css';
import { VERDICT_TONES } from './verdict-tones';

/** Members of one container that are shown before somebody asks for more. */
const STEP = 100;

function Findings({ of: { object, findings } }: { of: ObjectNode }) {
  const t = useT();
  return (
    <ul className={classes.findings}>
      {findings.map((verdict, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a verdict have no identity and never move
        <li key={index}>
          <Badge tone={VERDICT_TONES[verdict.outcome]}>
            {textOf(t, 'packages:outcome', verdict.outcome)}
          </Badge>{' '}
          {engineText(t, verdict.engine)}
          {verdict.name && `: ${textOf(t, 'packages:finding_name', verdict.name)}`}
          {verdict.object !== null && verdict.object !== object.path && (
            <code className={classes.elsewhere}>{plainName(verdict.object)}</code>
          )}
        </li>
      ))}
    </ul>
  );
}

function Facts({ of: { object } }: { of: ObjectNode }) {
  const t = useT();
  return (
    <div className={classes.facts}>
      {object.media_type && <span>{object.media_type}</span>}
      <Size bytes={object.size} />
      {object.surface_only && <span>{t('admin:objects.surface_only')}</span>}
      {object.sha256 === null ? (
        <span>{t('admin:objects.not_read')}</span>
      ) : (
        <span className={classes.hash}>
          <code title={object.sha256}>{object.sha256.slice(0, 12)}…</code>
          <CopyButton value={object.sha256} label={t('admin:objects.copy_hash')} />
          {object.depth === 0 && (
            <Link to={paths.admin.exceptions()} search={{ sha256: object.sha256 }}>
              {t('admin:exceptions.from_here')}
            </Link>
          )}
        </span>
      )}
    </div>
  );
}

type Opened = { keys: ReadonlySet<number>; toggle: (key: number) => void };

function Branch({ node, opened }: { node: ObjectNode; opened: Opened }) {
  const t = useT();
  const [shown, setShown] = useState(STEP);
  const name = plainName(node.name);
  const isOpen = opened.keys.has(node.key);
  return (
    <li className={classes.object}>
      <div className={classes.line}>
        {node.children.length > 0 ? (
          <button
            type="button"
            className={classes.toggle}
            aria-expanded={isOpen}
            onClick={() => opened.toggle(node.key)}
          >
            <Icon name="chevron" size={16} />
            <span className={classes.name}>{name}</span>
            <span className={classes.count}>
              {t('admin:objects.within', { count: node.children.length })}
            </span>
          </button>
        ) : (
          <span className={classes.name}>{name}</span>
        )}
        <Facts of={node} />
      </div>
      {node.findings.length > 0 && <Findings of={node} />}
      {isOpen && node.children.length > 0 && (
        <ul className={classes.inside} aria-label={t('admin:objects.inside', { name })}>
          {node.children.slice(0, shown).map((child) => (
            <Branch key={child.key} node={child} opened={opened} />
          ))}
          {node.children.length > shown && (
            <li>
              <Button variant="default" size="xs" onClick={() => setShown(shown + STEP)}>
                {t('admin:objects.more', { count: node.children.length - shown })}
              </Button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

function Tree({ root, unlisted }: { root: ObjectNode; unlisted: number }) {
  const t = useT();
  const [keys, setKeys] = useState<ReadonlySet<number>>(() => waysToFindings(root));
  const toggle = (key: number): void => {
    const next = new Set(keys);
    if (!next.delete(key)) next.add(key);
    setKeys(next);
  };
  return (
    <>
      <ul className={classes.tree} aria-label={t('admin:objects.title')}>
        <Branch node={root} opened={{ keys, toggle }} />
      </ul>
      {unlisted > 0 && <p className={classes.unlisted}>{t('admin:objects.unlisted', { count: unlisted })}</p>}
    </>
  );
}

type Props = { packageId: string; fileId: string; verdicts: readonly Verdict[] };

function Loaded({ packageId, fileId, verdicts }: Props) {
  const list = useQuery(objectsQuery(packageId, fileId));
  const root = useMemo(() => list.data && objectTree(list.data.objects, verdicts), [list.data, verdicts]);
  if (list.isPending) return <ListSkeleton rows={2} />;
  if (list.isError) return <LoadError error={list.error} onRetry={() => void list.refetch()} />;
  return root && <Tree root={root} unlisted={list.data.unlisted} />;
}

/** What is in a file, and what the engines found where (DET-5). It is asked for when it is opened. */
export function ObjectTree({ opened, ...file }: Props & { opened: boolean }) {
  const t = useT();
  const [isOpen, setOpen] = useState(opened);
  return (
    <details
      className={classes.section}
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{t('admin:objects.title')}</summary>
      {isOpen && <Loaded {...file} />}
    </details>
  );
}
