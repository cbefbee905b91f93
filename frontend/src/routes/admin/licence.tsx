import { licenceQuery } from '~/features/licence/api';
import { LicenceCard } from '~/features/licence/licence-card';
import { LicenceForm } from '~/features/licence/licence-form';
import { Standing } from '~/features/licence/standing';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(licenceQuery);

export function Page() {
  const t = useT();
  const licence = useLoaded(licenceQuery);
  return (
    <Frame title={t('admin:menu.licence')} lead={t('admin:licence.lead')}>
      <Standing state={licence.state} />
      <LicenceCard value={licence} />
      <LicenceForm />
    </Frame>
  );
}
