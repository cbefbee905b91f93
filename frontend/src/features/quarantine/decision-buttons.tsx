import type { Package } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Icon } from '~/ui/brand/icon';
import { adminDeletePackage, adminPackageKeys, recheckPackage, rejectPackage, releasePackage } from './api';

const HELD = new Set<Package['state']>(['withheld', 'partly_delivered', 'awaiting_decision']);

/** What an administrator decides about a held package; each act is asked about, and the reasons are kept for ever. */
export function DecisionButtons({ value, onDeleted }: { value: Package; onDeleted: () => void }) {
  const t = useT();
  const stale = [adminPackageKeys.all];
  const release = useAction<string, Package>({
    run: (reason) => releasePackage(value.id, reason),
    done: t('admin:decision.released'),
    stale,
    errors: 'inline',
  });
  const reject = useAction<string, Package>({
    run: (reason) => rejectPackage(value.id, reason),
    done: t('admin:decision.rejected'),
    stale,
    errors: 'inline',
  });
  const recheck = useAction<void, Package>({
    run: () => recheckPackage(value.id),
    done: t('admin:decision.rechecking'),
    stale,
    errors: 'inline',
  });
  const remove = useAction({
    run: () => adminDeletePackage(value.id),
    done: t('admin:decision.deleted'),
    stale,
    errors: 'inline',
    onDone: onDeleted,
  });
  const held = HELD.has(value.state);
  const reason = { label: t('admin:decision.reason'), description: t('admin:decision.reason_hint') };
  return (
    <>
      {held && (
        <>
          <ConfirmButton
            label={t('admin:decision.release')}
            title={t('admin:decision.release_title')}
            text={t('admin:decision.release_text')}
            confirm={t('admin:decision.release')}
            reason={reason}
            leftSection={<Icon name="shieldCheck" size={16} />}
            onConfirm={(why) => release.mutateAsync(why)}
          />
          <ConfirmButton
            label={t('admin:decision.reject')}
            title={t('admin:decision.reject_title')}
            text={t('admin:decision.reject_text')}
            confirm={t('admin:decision.reject')}
            reason={reason}
            danger
            variant="default"
            leftSection={<Icon name="blocked" size={16} />}
            onConfirm={(why) => reject.mutateAsync(why)}
          />
        </>
      )}
      {(held || value.state === 'delivered') && (
        <ConfirmButton
          label={t('admin:decision.recheck')}
          title={t('admin:decision.recheck_title')}
          text={t('admin:decision.recheck_text')}
          confirm={t('admin:decision.recheck')}
          variant="default"
          leftSection={<Icon name="retry" size={16} />}
          onConfirm={() => recheck.mutateAsync()}
        />
      )}
      {value.can.delete && (
        <ConfirmButton
          label={t('action.delete')}
          title={t('admin:decision.delete_title')}
          text={t('admin:decision.delete_text')}
          confirm={t('action.delete')}
          danger
          variant="default"
          leftSection={<Icon name="trash" size={16} />}
          onConfirm={() => remove.mutateAsync()}
        />
      )}
    </>
  );
}
