import type { ReactNode } from 'react';
import type { Dashboard, Warning } from '~/api/admin-types';
import { useLocale, useT } from '~/i18n/use-t';
import { formatDuration, formatNumber, formatSize } from '~/lib/format';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { Notice } from '~/ui/feedback/feedback';
import classes from './dashboard.module.css';

const WHERE: Record<Warning['code'], string | null> = {
  no_antivirus: paths.admin.engines(),
  no_smtp: paths.admin.settings(),
  jobs_dead: paths.admin.jobs(),
  mail_failed: paths.admin.outbox(),
  base_url_unset: paths.admin.settings(),
  low_disk: null,
  kafka_away: null,
  licence: paths.admin.licence(),
  files_corrupted: paths.admin.keys(),
  files_inaccessible: paths.admin.keys(),
  integrity_failed: paths.admin.keys(),
};

const BAD: readonly Warning['code'][] = ['low_disk', 'jobs_dead', 'files_corrupted', 'files_inaccessible'];

/** What needs somebody's attention, and where to go. */
export function Warnings({ warnings }: { warnings: readonly Warning[] }) {
  const t = useT();
  if (warnings.length === 0) return <Notice tone="good">{t('admin:warning.none')}</Notice>;
  return (
    <ul className={classes.warnings} aria-label={t('admin:warning.title')}>
      {warnings.map(({ code, detail }) => {
        const to = WHERE[code];
        return (
          <li key={code}>
            <Notice
              tone={BAD.includes(code) ? 'bad' : 'warn'}
              title={t(`admin:warning.${code}.title`)}
              actions={to ? <Link to={to}>{t('admin:warning.open')}</Link> : undefined}
            >
              {t(`admin:warning.${code}.text`)} {detail}
            </Notice>
          </li>
        );
      })}
    </ul>
  );
}

type TileProps = { label: string; value: ReactNode; detail?: ReactNode; to?: string; alarm?: boolean };

function Tile({ label, value, detail, to, alarm }: TileProps) {
  return (
    <li className={classes.tile} data-alarm={alarm || undefined}>
      {to ? (
        <Link to={to} className={classes.label}>
          {label}
        </Link>
      ) : (
        <span className={classes.label}>{label}</span>
      )}
      <strong className={classes.value}>{value}</strong>
      {detail && <span className={classes.detail}>{detail}</span>}
    </li>
  );
}

export function Tiles({ data }: { data: Dashboard }) {
  const t = useT();
  const locale = useLocale();
  const number = (value: number) => formatNumber(value, locale);
  const age = data.oldest_check_seconds;
  return (
    <ul className={classes.tiles}>
      <Tile
        label={t('admin:dashboard.quarantined')}
        value={number(data.packages.quarantined)}
        detail={t('admin:dashboard.quarantined_hint')}
        to={paths.admin.quarantine()}
        alarm={data.packages.quarantined > 0}
      />
      <Tile
        label={t('admin:dashboard.checking')}
        value={number(data.packages.checking)}
        detail={
          age === null
            ? t('admin:dashboard.queue_empty')
            : t('admin:dashboard.oldest', { time: formatDuration(age, locale) })
        }
        to={paths.admin.packages('checking')}
      />
      <Tile
        label={t('admin:dashboard.active')}
        value={number(data.packages.active)}
        detail={t('admin:dashboard.deleted', { count: data.packages.deleted })}
        to={paths.admin.packages('active')}
      />
      <Tile
        label={t('admin:dashboard.storage')}
        value={formatSize(data.storage.used, locale)}
        detail={
          data.storage.free === null
            ? undefined
            : t('admin:dashboard.free', { size: formatSize(data.storage.free, locale) })
        }
      />
      <Tile
        label={t('admin:dashboard.mail')}
        value={number(data.mail.queued)}
        detail={
          data.mail.transport === 'none'
            ? t('admin:dashboard.mail_none')
            : t('admin:dashboard.mail_failed', { count: data.mail.failed })
        }
        to={paths.admin.outbox()}
        alarm={data.mail.failed > 0}
      />
      <Tile
        label={t('admin:dashboard.jobs')}
        value={number(data.jobs.queued)}
        detail={t('admin:dashboard.jobs_dead', { count: data.jobs.dead })}
        to={paths.admin.jobs()}
        alarm={data.jobs.dead > 0}
      />
      <Tile label={t('admin:dashboard.users')} value={number(data.users)} to={paths.admin.users()} />
    </ul>
  );
}
