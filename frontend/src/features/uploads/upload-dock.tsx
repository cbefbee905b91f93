import { useLocale, useT } from '~/i18n/use-t';
import { formatPercent } from '~/lib/format';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { Progress } from '~/ui/base/progress';
import classes from './uploads.module.css';
import { useRunningUploads } from './use-uploads';

/** Reminds of uploads that go on while another page is shown. */
export function UploadDock({ hiddenFor }: { hiddenFor: string | null }) {
  const t = useT();
  const locale = useLocale();
  const running = useRunningUploads().filter(({ packageId }) => packageId !== hiddenFor);
  if (running.length === 0) return null;
  return (
    <aside className={classes.dock} aria-label={t('send:dock.title')}>
      {running.map(({ packageId, snapshot }) => (
        <div key={packageId}>
          <div className={classes.dockLine}>
            <Link to={paths.package(packageId)}>
              {t('send:dock.files', { count: snapshot.items.length })}
            </Link>
            <span>
              {snapshot.failed > 0
                ? t('send:progress.failed', { count: snapshot.failed })
                : snapshot.active === 0
                  ? t('send:progress.paused')
                  : formatPercent(snapshot.sent, snapshot.total, locale)}
            </span>
          </div>
          <Progress
            value={snapshot.total === 0 ? 0 : (100 * snapshot.sent) / snapshot.total}
            aria-label={t('send:progress.label')}
          />
        </div>
      ))}
    </aside>
  );
}
