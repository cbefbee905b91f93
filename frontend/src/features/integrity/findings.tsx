import type { IntegrityFinding } from '~/api/key-types';
import { textOf, useT } from '~/i18n/use-t';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { Badge } from '~/ui/badge/badge';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import classes from './integrity.module.css';

/** The files that are not intact, each with the way to its package. */
export function Findings({ findings }: { findings: readonly IntegrityFinding[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:integrity.findings')}>
      {findings.map((value) => (
        <Row
          key={value.file_id}
          title={<code className={classes.detail}>{value.file_id}</code>}
          badge={<Badge tone="bad">{textOf(t, 'admin:integrity', value.state)}</Badge>}
          sub={
            <span className={classes.detail}>
              {textOf(t, 'admin:integrity.kind', value.kind)}: {value.detail}
            </span>
          }
          meta={
            <>
              {t('admin:integrity.seen_at')} <Time at={value.checked_at} />
            </>
          }
          actions={<Link to={paths.admin.package(value.package_id)}>{t('admin:integrity.package')}</Link>}
        />
      ))}
    </Rows>
  );
}
