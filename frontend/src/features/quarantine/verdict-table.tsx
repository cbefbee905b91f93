import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Verdict } from '~/api/admin-types';
import { engineText, textOf, useT } from '~/i18n/use-t';
import { plainName } from '~/lib/format';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { Badge } from '~/ui/badge/badge';
import { Empty, ListSkeleton, LoadError } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { verdictsQuery } from './api';
import { ObjectTree } from './object-tree';
import classes from './verdict-table.module.css';
import { VERDICT_TONES } from './verdict-tones';

/** Why and how far, in words; that an engine looked at all of it goes without saying. */
function Remarks({ verdict: { qualifier, detail } }: { verdict: Verdict }) {
  const t = useT();
  // Only engines' own reports are qualified so, and only by addresses that begin with https://.
  if (qualifier === 'report' && detail?.startsWith('https://')) {
    return (
      <a href={detail} target="_blank" rel="noopener noreferrer" title={detail}>
        {t('admin:verdicts.qualifier.report')}
      </a>
    );
  }
  const word =
    qualifier === null || qualifier === 'full' ? null : textOf(t, 'admin:verdicts.qualifier', qualifier);
  return <>{[word, detail].filter(Boolean).join(': ')}</>;
}

/** Silence never is, and danger only by its content. */
function mayBeExcused({ outcome, name, exception_id }: Verdict): boolean {
  const never = ['clean', 'skipped', 'error', 'pending', 'infected'];
  return name !== '' && exception_id === null && !never.includes(outcome);
}

function VerdictRow({ verdict }: { verdict: Verdict }) {
  const t = useT();
  return (
    <Table.Tr>
      <Table.Td>
        {engineText(t, verdict.engine)}
        {(verdict.engine_version || verdict.signature_version) && (
          <div className={classes.small}>
            {[verdict.engine_version, verdict.signature_version].filter(Boolean).join(' / ')}
          </div>
        )}
      </Table.Td>
      <Table.Td>
        <Badge tone={VERDICT_TONES[verdict.outcome]}>{textOf(t, 'packages:outcome', verdict.outcome)}</Badge>
        {verdict.exception_id && (
          <div className={classes.small}>
            <Link to={paths.admin.exceptions()}>{t('admin:verdicts.excused')}</Link>
          </div>
        )}
      </Table.Td>
      <Table.Td>
        {verdict.name && textOf(t, 'packages:finding_name', verdict.name)}
        {verdict.object && <div className={classes.object}>{plainName(verdict.object)}</div>}
        <div className={classes.small}>
          <Remarks verdict={verdict} />
        </div>
        {mayBeExcused(verdict) && (
          <div className={classes.small}>
            <Link to={paths.admin.exceptions()} search={{ engine: verdict.engine, finding: verdict.name }}>
              {t('admin:exceptions.from_here')}
            </Link>
          </div>
        )}
      </Table.Td>
      <Table.Td className={classes.small}>
        <Time at={verdict.at} />
      </Table.Td>
    </Table.Tr>
  );
}

/** What every engine said of every file. */
export function VerdictTable({ id }: { id: string }) {
  const t = useT();
  const verdicts = useQuery(verdictsQuery(id));
  if (verdicts.isPending) return <ListSkeleton rows={3} />;
  if (verdicts.isError) return <LoadError error={verdicts.error} onRetry={() => void verdicts.refetch()} />;
  if (verdicts.data.files.length === 0) return <Empty icon="engine" title={t('admin:verdicts.empty')} />;
  return verdicts.data.files.map((file) => (
    <div key={file.file_id} className={classes.file}>
      <h3 className={classes.path}>{plainName(file.path)}</h3>
      <ObjectTree
        packageId={id}
        fileId={file.file_id}
        verdicts={file.verdicts}
        opened={verdicts.data.files.length === 1}
      />
      <section
        className={classes.scroll}
        tabIndex={0}
        aria-label={t('admin:verdicts.of', { path: plainName(file.path) })}
      >
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('admin:verdicts.engine')}</Table.Th>
              <Table.Th>{t('admin:verdicts.outcome')}</Table.Th>
              <Table.Th>{t('admin:verdicts.finding')}</Table.Th>
              <Table.Th>{t('admin:verdicts.at')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {file.verdicts.map((verdict, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a verdict have no identity and never move
              <VerdictRow key={index} verdict={verdict} />
            ))}
          </Table.Tbody>
        </Table>
      </section>
    </div>
  ));
}
