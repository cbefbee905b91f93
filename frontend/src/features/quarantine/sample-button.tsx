import type { PackageFile } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { plainName } from '~/lib/format';
import { paths } from '~/lib/paths';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Icon } from '~/ui/brand/icon';
import { aboutSample } from './api';

const HELD = new Set<PackageFile['check']>(['blocked', 'unscannable']);
/** The convention of the trade, as the server has it. */
const PASSWORD = 'infected';

/** Fetches a held file in an archive with a password, for those who look into what was found (DET-25). */
export function SampleButton({ packageId, file }: { packageId: string; file: PackageFile }) {
  const t = useT();
  if (!HELD.has(file.check)) return null;
  return (
    <ConfirmButton
      label={t('admin:sample.label')}
      title={t('admin:sample.title', { name: plainName(file.name) })}
      text={t('admin:sample.text', { password: PASSWORD })}
      confirm={t('admin:sample.confirm')}
      reason={{ label: t('admin:decision.reason'), description: t('admin:read.reason_hint') }}
      variant="default"
      size="xs"
      leftSection={<Icon name="lock" size={16} />}
      onConfirm={async (why) => {
        // Asks for the password where it is needed, and says here why not.
        await aboutSample(packageId, file.id);
        // An attachment: the page stays.
        window.location.assign(paths.api.sample(packageId, file.id, why));
      }}
    />
  );
}
