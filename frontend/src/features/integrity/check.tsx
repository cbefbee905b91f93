import type { Integrity, IntegrityRun } from '~/api/key-types';
import { textOf, useLocale, useT } from '~/i18n/use-t';
import { formatSize } from '~/lib/format';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Badge, type Tone } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { Progress } from '~/ui/base/progress';
import { Notice } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { beginCheck, cancelCheck, integrityKey } from './api';
import classes from './integrity.module.css';

function tone(run: IntegrityRun): Tone {
  if (run.state === 'running') return 'info';
  if (run.state === 'failed') return 'bad';
  return run.state === 'done' ? 'good' : 'mute';
}

/** The check under way, or the last one. */
function Run({ run }: { run: IntegrityRun }) {
  const t = useT();
  const locale = useLocale();
  const running = run.state === 'running';
  const size = formatSize(run.bytes, locale);
  const surplus = run.problems.surplus ?? 0;
  return (
    <div className={classes.run}>
      <p>
        <strong>{running ? t('admin:integrity.current') : t('admin:integrity.last')}</strong>{' '}
        <Badge tone={tone(run)} busy={running}>
          {textOf(t, 'admin:integrity.state', run.state)}
        </Badge>
      </p>
      {running && <Progress aria-label={t('admin:integrity.progress_label')} value={run.percent} busy />}
      <p role="status">
        {t('admin:integrity.seen', { count: run.files, size })} ·{' '}
        {run.deep ? t('admin:integrity.deep') : t('admin:integrity.shallow')}
      </p>
      <p className={classes.mute}>
        {run.asked_by ? t('admin:integrity.by', { who: run.asked_by }) : t('admin:integrity.by_schedule')} ·{' '}
        {t('admin:integrity.started')} <Time at={run.started_at} />
        {run.ended_at && (
          <>
            {' '}
            · {t('admin:integrity.ended')} <Time at={run.ended_at} />
          </>
        )}
      </p>
      {surplus > 0 && <p>{t('admin:integrity.surplus', { count: surplus })}</p>}
      {run.error && <Notice tone="bad">{run.error}</Notice>}
    </div>
  );
}

/** The check, and when the schedule asks for the next one. */
export function Check({ integrity }: { integrity: Integrity }) {
  const t = useT();
  return (
    <div className={classes.run}>
      {integrity.run ? <Run run={integrity.run} /> : <p>{t('admin:integrity.none')}</p>}
      <p className={classes.mute}>
        {integrity.next_at ? (
          <>
            {t('admin:integrity.next')}: <Time at={integrity.next_at} exact />
          </>
        ) : (
          t('admin:integrity.no_schedule')
        )}
      </p>
    </div>
  );
}

/** Begins and cancels. */
export function CheckButtons({ running }: { running: boolean }) {
  const t = useT();
  const stale = [integrityKey];
  const done = t('admin:integrity.begun');
  const begin = useAction<boolean, Integrity>({ run: beginCheck, done, stale });
  const deep = useAction<void, Integrity>({ run: () => beginCheck(true), done, stale, errors: 'inline' });
  const cancel = useAction({ run: cancelCheck, done: t('admin:integrity.cancelled'), stale });
  if (running) {
    return (
      <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
        {t('admin:integrity.cancel')}
      </Button>
    );
  }
  return (
    <div className={classes.buttons}>
      <Button variant="default" loading={begin.isPending} onClick={() => begin.mutate(false)}>
        {t('admin:integrity.run')}
      </Button>
      <ConfirmButton
        label={t('admin:integrity.run_deep')}
        title={t('admin:integrity.run_deep_title')}
        text={t('admin:integrity.run_deep_text')}
        confirm={t('admin:integrity.run_deep')}
        onConfirm={() => deep.mutateAsync()}
      />
    </div>
  );
}
