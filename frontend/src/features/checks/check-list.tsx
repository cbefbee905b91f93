import type { Waiting } from '~/api/admin-types';
import type { Package } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { checksKey, stopChecks } from './api';

function Standing({ value }: { value: Waiting }) {
  const t = useT();
  if (value.running) return t('admin:checks.running');
  if (value.started_at === null || value.next_at === null) return t('admin:checks.not_begun');
  return (
    <>
      {t('admin:checks.next')} <Time at={value.next_at} />
    </>
  );
}

function CheckRow({ value }: { value: Waiting }) {
  const t = useT();
  const { id, title, sender, file_count: count, submitted_at: sent } = value.package;
  const stop = useAction<string, Package>({
    run: (reason) => stopChecks(id, reason),
    done: t('admin:checks.stopped'),
    stale: [checksKey],
    errors: 'inline',
  });
  return (
    <Row
      title={<Link to={paths.admin.package(id)}>{title || t('packages:untitled')}</Link>}
      sub={
        <>
          <div>
            {sender.name ?? sender.email} · {t('admin:checks.progress', { count, checked: value.checked })}
          </div>
          {value.awaited.length > 0 && (
            <div>{t('admin:checks.awaited', { engines: value.awaited.join(', ') })}</div>
          )}
        </>
      }
      meta={
        <>
          {sent && (
            <div>
              {t('admin:checks.sent')} <Time at={sent} />
            </div>
          )}
          <div>
            <Standing value={value} />
          </div>
          {value.deadline && (
            <div>
              {t('admin:checks.deadline')} <Time at={value.deadline} exact />
            </div>
          )}
        </>
      }
      actions={
        <ConfirmButton
          label={t('admin:checks.stop')}
          title={t('admin:checks.stop_title')}
          text={t('admin:checks.stop_text')}
          confirm={t('admin:checks.stop')}
          reason={{ label: t('admin:decision.reason'), description: t('admin:decision.reason_hint') }}
          danger
          variant="default"
          size="xs"
          onConfirm={(why) => stop.mutateAsync(why)}
        />
      }
    />
  );
}

export function CheckList({ waiting }: { waiting: readonly Waiting[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:menu.checks')}>
      {waiting.map((value) => (
        <CheckRow key={value.package.id} value={value} />
      ))}
    </Rows>
  );
}
