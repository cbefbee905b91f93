import type { PackageFile } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { plainName } from '~/lib/format';
import { paths } from '~/lib/paths';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Icon } from '~/ui/brand/icon';

/** Fetches a delivered file for an administrator who may read contents; asks why, for the audit log. */
export function ReadButton({ packageId, file }: { packageId: string; file: PackageFile }) {
  const t = useT();
  return (
    <ConfirmButton
      label={t('admin:read.label')}
      title={t('admin:read.title', { name: plainName(file.name) })}
      text={t('admin:read.text')}
      confirm={t('admin:read.label')}
      reason={{ label: t('admin:decision.reason'), description: t('admin:read.reason_hint') }}
      variant="default"
      size="xs"
      leftSection={<Icon name="download" size={16} />}
      onConfirm={async (why) => {
        // An attachment: the page stays.
        window.location.assign(paths.api.adminFile(packageId, file.id, why));
      }}
    />
  );
}
