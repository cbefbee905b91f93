import type { AuditEntry } from '~/api/admin-types';
import { textOf, useT } from '~/i18n/use-t';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { Badge, type Tone } from '~/ui/badge/badge';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import classes from './audit.module.css';

const TONES: Record<string, Tone> = { notice: 'info', warning: 'warn', alert: 'bad' };

function isEmpty(data: unknown): boolean {
  return data === null || data === undefined || (typeof data === 'object' && Object.keys(data).length === 0);
}

function Entry({ entry }: { entry: AuditEntry }) {
  const t = useT();
  const { actor, object } = entry;
  return (
    <Row
      title={textOf(t, 'admin:event', entry.event)}
      badge={
        // Most of what happens is information only; a word at each line would hide the others.
        entry.severity !== 'info' && (
          <Badge tone={TONES[entry.severity] ?? 'mute'}>{textOf(t, 'admin:severity', entry.severity)}</Badge>
        )
      }
      sub={
        <>
          {actor.label ?? textOf(t, 'admin:audit.actor', actor.kind)}
          {entry.ip && ` · ${entry.ip}`}
          {object?.kind === 'package' && (
            <>
              {' · '}
              <Link to={paths.admin.package(object.id)}>{t('admin:audit.package')}</Link>
            </>
          )}
        </>
      }
      meta={
        <span className={classes.when}>
          <Time at={entry.at} exact /> · {entry.seq}
        </span>
      }
    >
      {!isEmpty(entry.data) && (
        <details className={classes.details}>
          <summary>{t('admin:audit.details')}</summary>
          <pre>{JSON.stringify({ event: entry.event, object, ...Object(entry.data) }, null, 2)}</pre>
        </details>
      )}
    </Row>
  );
}

export function AuditList({ entries }: { entries: readonly AuditEntry[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:audit.title')}>
      {entries.map((entry) => (
        <Entry key={entry.seq} entry={entry} />
      ))}
    </Rows>
  );
}
