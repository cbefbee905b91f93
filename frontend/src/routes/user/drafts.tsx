import { useT } from '~/i18n/use-t';
import { BoxPage } from '../parts/box-page';

export function Page() {
  const t = useT();
  return <BoxPage box="drafts" icon="draft" emptyAction={t('packages:box.drafts.hint')} />;
}
