import { useLocale, useT } from '~/i18n/use-t';
import { formatDuration, formatPercent, formatSize, formatSpeed } from '~/lib/format';
import { Button } from '~/ui/base/button';
import { Progress } from '~/ui/base/progress';
import { Icon } from '~/ui/brand/icon';
import type { Snapshot, Uploader } from './uploader';
import classes from './uploads.module.css';

/** All files of a package in one line: how far, how fast, how long still. */
export function TransferSummary({ snapshot, uploader }: { snapshot: Snapshot; uploader: Uploader }) {
  const t = useT();
  const locale = useLocale();
  const { items, sent, total, speed, secondsLeft, active, retrying, paused, failed, done } = snapshot;
  const percent = formatPercent(sent, total, locale);
  const words =
    active > 0
      ? [
          t('send:progress.sent', { sent: formatSize(sent, locale), total: formatSize(total, locale) }),
          retrying === active ? t('send:item.retrying') : null,
          speed > 0 ? formatSpeed(speed, locale) : null,
          secondsLeft !== null
            ? t('send:progress.left', { time: formatDuration(secondsLeft, locale) })
            : null,
        ]
      : [
          failed > 0
            ? t('send:progress.failed', { count: failed })
            : paused > 0
              ? t('send:progress.paused')
              : t('send:progress.done', { count: done }),
        ];
  return (
    <div className={classes.summary}>
      <div className={classes.summaryText}>
        <span>{words.filter(Boolean).join(' · ')}</span>
        <span className={classes.buttons}>
          {active > 0 && (
            <Button
              variant="subtle"
              size="compact-sm"
              leftSection={<Icon name="pause" size={14} />}
              onClick={() => uploader.pauseAll()}
            >
              {t('send:pause_all')}
            </Button>
          )}
          {active === 0 && paused + failed > 0 && (
            <Button
              variant="subtle"
              size="compact-sm"
              leftSection={<Icon name={paused > 0 ? 'play' : 'retry'} size={14} />}
              onClick={() => uploader.resumeAll()}
            >
              {paused > 0 ? t('send:resume_all') : t('action.retry')}
            </Button>
          )}
        </span>
      </div>
      {active + paused > 0 && (
        <Progress value={total === 0 ? 100 : (100 * sent) / total} aria-label={t('send:progress.label')} />
      )}
      {/* A screen reader hears the beginning, the end and whole quarters, not each tick. */}
      <span className={classes.hidden} role="status">
        {active > 0
          ? t('send:progress.spoken', {
              count: items.length,
              percent: quarter(sent, total, locale) ?? percent,
            })
          : words.join('')}
      </span>
    </div>
  );
}

function quarter(sent: number, total: number, locale: string): string | null {
  if (total === 0) return null;
  return formatPercent(Math.floor((4 * sent) / total), 4, locale);
}
