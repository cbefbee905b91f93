import type { FileRequest } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { LinkButton } from '~/lib/link';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { CopyButton } from '~/ui/actions/copy-button';
import { Badge, type Tone } from '~/ui/badge/badge';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { cancelRequest, requestsKey } from './api';

const TONES: Record<FileRequest['state'], Tone> = {
  open: 'info',
  uploading: 'info',
  fulfilled: 'good',
  expired: 'mute',
  cancelled: 'mute',
};

function RequestRow({ request }: { request: FileRequest }) {
  const t = useT();
  const cancel = useAction({
    run: () => cancelRequest(request.id),
    done: t('account:requests.cancelled'),
    stale: [requestsKey],
    errors: 'inline',
  });
  return (
    <Row
      title={request.title || t('account:requests.untitled')}
      badge={<Badge tone={TONES[request.state]}>{t(`account:requests.state.${request.state}`)}</Badge>}
      sub={
        <>
          {t('account:requests.asked', { email: request.email })} <Time at={request.created_at} />
          {request.state === 'open' && (
            <>
              {' · '}
              {t('account:requests.valid_until')} <Time at={request.expires_at} />
            </>
          )}
        </>
      }
      actions={
        <>
          {request.package_id && request.state === 'fulfilled' && (
            <LinkButton to={paths.package(request.package_id)} variant="light" size="xs">
              {t('account:requests.open')}
            </LinkButton>
          )}
          {request.state === 'open' && (
            <>
              <CopyButton value={request.link} label={t('account:requests.copy_link')} />
              <ConfirmButton
                label={t('account:requests.cancel')}
                title={t('account:requests.cancel_title')}
                text={t('account:requests.cancel_text', { email: request.email })}
                confirm={t('account:requests.cancel')}
                danger
                variant="default"
                size="xs"
                onConfirm={() => cancel.mutateAsync()}
              />
            </>
          )}
        </>
      }
    />
  );
}

export function RequestList({ requests }: { requests: readonly FileRequest[] }) {
  const t = useT();
  return (
    <Rows label={t('account:requests.title')}>
      {requests.map((request) => (
        <RequestRow key={request.id} request={request} />
      ))}
    </Rows>
  );
}
