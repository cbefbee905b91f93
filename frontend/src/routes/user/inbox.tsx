import { useT } from '~/i18n/use-t';
import { BoxPage } from '../parts/box-page';

export function Page() {
  const t = useT();
  return <BoxPage box="inbox" icon="inbox" emptyAction={t('packages:box.inbox.hint')} />;
}
