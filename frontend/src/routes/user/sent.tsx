import { SegmentedControl } from '@mantine/core';
import { useT } from '~/i18n/use-t';
import { LinkButton } from '~/lib/link';
import { paths } from '~/lib/paths';
import { useSearchText } from '~/lib/route';
import { BoxPage } from '../parts/box-page';

export function Page() {
  const t = useT();
  const [view, setView] = useSearchText('view');
  const deleted = view === 'deleted';
  return (
    <BoxPage
      key={view}
      box={deleted ? 'deleted' : 'sent'}
      icon={deleted ? 'trash' : 'sent'}
      emptyAction={
        deleted ? (
          t('packages:box.deleted.hint')
        ) : (
          <LinkButton to={paths.send()}>{t('packages:box.sent.action')}</LinkButton>
        )
      }
      actions={
        <SegmentedControl
          aria-label={t('packages:box.switch')}
          value={deleted ? 'deleted' : ''}
          onChange={setView}
          data={[
            { value: '', label: t('packages:box.sent.title') },
            { value: 'deleted', label: t('packages:box.deleted.title') },
          ]}
        />
      }
    />
  );
}
