import type { ToApprove } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Icon } from '~/ui/brand/icon';
import { approvalsKey, approvePackage, disapprovePackage } from './api';

/** What an approver decides about a package; the sender reads the reason. */
export function ApprovalButtons({ value, onDone }: { value: ToApprove; onDone: () => void }) {
  const t = useT();
  // The page goes away with the package, so only lists are asked for again.
  const stale = [[...approvalsKey, 'list']];
  const approve = useAction<string>({
    run: (reason) => approvePackage(value, reason),
    done: t('account:approval.approved'),
    stale,
    errors: 'inline',
    onDone,
  });
  const reject = useAction<string>({
    run: (reason) => disapprovePackage(value.package.id, reason),
    done: t('account:approval.rejected'),
    stale,
    errors: 'inline',
    onDone,
  });
  const reason = { label: t('account:approval.reason'), description: t('account:approval.reason_hint') };
  return (
    <>
      <ConfirmButton
        label={t('account:approval.approve')}
        title={t('account:approval.approve_title')}
        text={t('account:approval.approve_text')}
        confirm={t('account:approval.approve')}
        reason={reason}
        leftSection={<Icon name="shieldCheck" size={16} />}
        onConfirm={(why) => approve.mutateAsync(why)}
      />
      <ConfirmButton
        label={t('account:approval.reject')}
        title={t('account:approval.reject_title')}
        text={t('account:approval.reject_text')}
        confirm={t('account:approval.reject')}
        reason={reason}
        danger
        variant="default"
        leftSection={<Icon name="blocked" size={16} />}
        onConfirm={(why) => reject.mutateAsync(why)}
      />
    </>
  );
}
