import type { Exception } from '~/api/admin-types';
import { engineText, type T, textOf, useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Badge, type Tone } from '~/ui/badge/badge';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { approveException, exceptionsKey, revokeException } from './api';
import classes from './exceptions.module.css';

const TONES: Record<Exception['state'], Tone> = {
  proposed: 'info',
  active: 'warn',
  expired: 'mute',
  revoked: 'mute',
};

/** What it is about, in a line. */
function Subject({ value }: { value: Exception }) {
  const t = useT();
  if (value.sha256) return <code className={classes.hash}>{value.sha256}</code>;
  return (
    <>
      {engineText(t, value.engine ?? '')}: <code>{value.finding}</code>
    </>
  );
}

/** Whose packages it is about. */
function fromText(t: T, value: Exception): string {
  if (value.sender === '') return t('admin:exceptions.everybody');
  if (!value.sender.startsWith('group:')) return value.sender;
  return value.group === null
    ? t('admin:exceptions.of_gone')
    : t('admin:exceptions.of_group', { name: value.group });
}

function ExceptionRow({ value, me }: { value: Exception; me: string }) {
  const t = useT();
  const approve = useAction<void, Exception>({
    run: () => approveException(value.id),
    done: t('admin:exceptions.approved_done'),
    stale: [exceptionsKey],
    errors: 'inline',
  });
  const revoke = useAction({
    run: () => revokeException(value.id),
    done: t('admin:exceptions.revoked_done'),
    stale: [exceptionsKey],
    errors: 'inline',
  });
  const open = value.state === 'proposed' || value.state === 'active';
  return (
    <Row
      title={<Subject value={value} />}
      badge={<Badge tone={TONES[value.state]}>{textOf(t, 'admin:exceptions.state', value.state)}</Badge>}
      sub={
        <>
          <div>
            {fromText(t, value)} · {value.reason}
          </div>
          <div>
            {t('admin:exceptions.by', { who: value.proposed_by })}
            {value.approved_by && <> · {t('admin:exceptions.with', { who: value.approved_by })}</>}
          </div>
        </>
      }
      meta={
        <>
          {t('admin:exceptions.until')} <Time at={value.expires_at} exact />
        </>
      }
      actions={
        open && (
          <>
            {value.state === 'proposed' && (
              <ConfirmButton
                label={t('admin:exceptions.approve')}
                title={t('admin:exceptions.approve_title')}
                text={t('admin:exceptions.approve_text')}
                confirm={t('admin:exceptions.approve')}
                size="xs"
                disabledReason={value.proposed_by === me ? t('admin:exceptions.not_yourself') : undefined}
                onConfirm={() => approve.mutateAsync()}
              />
            )}
            <ConfirmButton
              label={t('admin:exceptions.revoke')}
              title={t('admin:exceptions.revoke_title')}
              text={t('admin:exceptions.revoke_text')}
              confirm={t('admin:exceptions.revoke')}
              danger
              variant="default"
              size="xs"
              onConfirm={() => revoke.mutateAsync()}
            />
          </>
        )
      }
    />
  );
}

export function ExceptionList({ exceptions, me }: { exceptions: readonly Exception[]; me: string }) {
  const t = useT();
  return (
    <Rows label={t('admin:exceptions.title')}>
      {exceptions.map((value) => (
        <ExceptionRow key={value.id} value={value} me={me} />
      ))}
    </Rows>
  );
}
