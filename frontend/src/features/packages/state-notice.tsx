import type { Package } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { Notice } from '~/ui/feedback/feedback';

/** What the state means for the one who looks at it, in a sentence. */
export function StateNotice({ value }: { value: Package }) {
  const t = useT();
  const mine = value.role === 'sender' ? 'sender' : 'recipient';
  switch (value.state) {
    case 'uploading':
      return <Notice tone="info">{t(`packages:explain.uploading_${mine}`)}</Notice>;
    case 'checking':
      return <Notice tone="info">{t(`packages:explain.checking_${mine}`)}</Notice>;
    case 'withheld':
      return <Notice tone="bad">{t(`packages:explain.withheld_${mine}`)}</Notice>;
    case 'partly_delivered':
      return <Notice tone="warn">{t(`packages:explain.partly_delivered_${mine}`)}</Notice>;
    case 'awaiting_decision':
      return <Notice tone="warn">{t('packages:explain.awaiting_decision')}</Notice>;
    case 'expired':
      return <Notice tone="info">{t('packages:explain.expired')}</Notice>;
    case 'deleted':
      return <Notice tone="info">{t('packages:explain.deleted')}</Notice>;
    case 'draft':
    case 'delivered':
      return null;
  }
}
