import type { Keys } from '~/api/key-types';
import { useLocale, useT } from '~/i18n/use-t';
import { formatNumber } from '~/lib/format';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Button } from '~/ui/base/button';
import { Progress } from '~/ui/base/progress';
import { Card } from '~/ui/page/card';
import { beginRotation, keysKey, stopRotation } from './api';
import classes from './keys.module.css';

/** How far packages have moved to the active key; begins that, stops it and goes on with it. */
export function Rotation({ rotation }: { rotation: Keys['rotation'] }) {
  const t = useT();
  const locale = useLocale();
  const begin = useAction<void, Keys>({
    run: beginRotation,
    done: t('admin:keys.rotating'),
    stale: [keysKey],
    errors: 'inline',
  });
  const stop = useAction({ run: stopRotation, done: t('admin:keys.stopped'), stale: [keysKey] });
  const { running, left, total } = rotation;
  const number = (n: number) => formatNumber(n, locale);
  const label = left > 0 && left < total ? t('admin:keys.rotate_on') : t('admin:keys.rotate');
  return (
    <Card title={t('admin:keys.rotation')} description={t('admin:keys.rotation_lead')}>
      {left === 0 ? (
        <p className={classes.text}>{t('admin:keys.none_left')}</p>
      ) : (
        <>
          <p className={classes.text} role="status">
            {t('admin:keys.progress', { done: number(total - left), total: number(total) })}
          </p>
          <div className={classes.progress}>
            <Progress
              aria-label={t('admin:keys.progress_label')}
              value={((total - left) / total) * 100}
              busy={running}
            />
          </div>
          {running ? (
            <Button variant="default" loading={stop.isPending} onClick={() => stop.mutate()}>
              {t('admin:keys.stop')}
            </Button>
          ) : (
            <ConfirmButton
              label={label}
              title={t('admin:keys.rotate_title')}
              text={t('admin:keys.rotate_text')}
              confirm={label}
              onConfirm={() => begin.mutateAsync()}
            />
          )}
        </>
      )}
    </Card>
  );
}
