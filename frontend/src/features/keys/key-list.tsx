import type { Key, KeyState, Keys } from '~/api/key-types';
import { textOf, useLocale, useT } from '~/i18n/use-t';
import { formatNumber } from '~/lib/format';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Badge, type Tone } from '~/ui/badge/badge';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { activateKey, keysKey, removeKey } from './api';
import classes from './keys.module.css';

const TONES: Record<KeyState, Tone> = { ready: 'mute', adding: 'info', removing: 'warn' };

/** Whether it is the active one, where it stands, and whether it can be used at all. */
function Standing({ value }: { value: Key }) {
  const t = useT();
  return (
    <>
      {value.active && <Badge tone="good">{t('admin:keys.active')}</Badge>}{' '}
      {!(value.active && value.state === 'ready') && (
        <Badge tone={TONES[value.state]} busy={value.state !== 'ready'}>
          {t(`admin:keys.state.${value.state}`)}
        </Badge>
      )}{' '}
      {!value.found && <Badge tone="bad">{t('admin:keys.lost')}</Badge>}
    </>
  );
}

function Actions({ value }: { value: Key }) {
  const t = useT();
  const activate = useAction<void, Keys>({
    run: () => activateKey(value.id),
    done: t('admin:keys.activated'),
    stale: [keysKey],
    errors: 'inline',
  });
  const remove = useAction({
    run: () => removeKey(value.id),
    done: t('admin:keys.removed'),
    stale: [keysKey],
    errors: 'inline',
  });
  const why = value.active ? t('admin:keys.is_active') : t('admin:keys.in_use');
  return (
    <>
      {!value.active && (
        <ConfirmButton
          label={t('admin:keys.activate')}
          title={t('admin:keys.activate_title')}
          text={t('admin:keys.activate_text')}
          confirm={t('admin:keys.activate')}
          size="xs"
          disabledReason={value.can.activate ? undefined : t('admin:keys.not_found')}
          onConfirm={() => activate.mutateAsync()}
        />
      )}
      <ConfirmButton
        label={t('admin:keys.remove')}
        title={t('admin:keys.remove_title')}
        text={t('admin:keys.remove_text')}
        confirm={t('admin:keys.remove')}
        danger
        variant="default"
        size="xs"
        disabledReason={value.can.remove ? undefined : why}
        onConfirm={() => remove.mutateAsync()}
      />
    </>
  );
}

function KeyRow({ value }: { value: Key }) {
  const t = useT();
  const locale = useLocale();
  const number = (n: number) => formatNumber(n, locale);
  return (
    <Row
      title={<code className={classes.id}>{value.id}</code>}
      badge={<Standing value={value} />}
      sub={
        <>
          <div>
            {t('admin:keys.packages', { count: value.packages })} ·{' '}
            {textOf(t, 'admin:keys.seal', value.seal ?? 'none')}
          </div>
          <div>{t('admin:keys.wraps', { wraps: number(value.wraps), unwraps: number(value.unwraps) })}</div>
          {value.closed && <div className={classes.closed}>{value.closed}</div>}
        </>
      }
      meta={
        <>
          <div>
            {value.last_used_at ? (
              <>
                {t('admin:keys.used')} <Time at={value.last_used_at} />
              </>
            ) : (
              t('admin:keys.never')
            )}
          </div>
          <div>
            {t('admin:keys.added')} <Time at={value.added_at} />
          </div>
        </>
      }
      actions={<Actions value={value} />}
    />
  );
}

export function KeyList({ keys }: { keys: readonly Key[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:keys.title')}>
      {keys.map((value) => (
        <KeyRow key={value.id} value={value} />
      ))}
    </Rows>
  );
}
