import { Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { enginesQuery } from '~/features/engines/api';
import { AntivirusNote, EngineList } from '~/features/engines/engine-list';
import { settingsQuery } from '~/features/settings/api';
import { MailTest } from '~/features/settings/mail-test';
import { SettingsForm } from '~/features/settings/settings-form';
import { UserForm } from '~/features/users/user-form';
import { useT } from '~/i18n/use-t';
import { LinkButton } from '~/lib/link';
import { paths } from '~/lib/paths';
import { Button } from '~/ui/base/button';
import { ListSkeleton, LoadError, Notice } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';

/** What has to be right before the first mail goes out; the rest has good defaults. */
const FIRST_SETTINGS = ['instance.name', 'instance.base_url', 'instance.language'];

function Next({ onNext }: { onNext: () => void }) {
  const t = useT();
  return (
    <Group justify="flex-end">
      <Button size="md" onClick={onNext}>
        {t('admin:setup.next')}
      </Button>
    </Group>
  );
}

export function AddressStep({ email, onNext }: { email: string; onNext: () => void }) {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <ListSkeleton />;
  if (settings.isError) return <LoadError error={settings.error} onRetry={() => void settings.refetch()} />;
  const first = settings.data.items.filter(
    ({ key, group }) => FIRST_SETTINGS.includes(key) || group === 'mail',
  );
  return (
    <>
      <SettingsForm settings={first} />
      <MailTest initialTo={email} />
      <Next onNext={onNext} />
    </>
  );
}

export function EnginesStep({ onNext }: { onNext: () => void }) {
  const t = useT();
  const engines = useQuery(enginesQuery);
  if (engines.isPending) return <ListSkeleton />;
  if (engines.isError) return <LoadError error={engines.error} onRetry={() => void engines.refetch()} />;
  return (
    <>
      <AntivirusNote engines={engines.data.items} />
      <Card title={t('admin:menu.engines')} description={t('admin:engines.lead')} flush>
        <EngineList engines={engines.data.items} />
      </Card>
      <Next onNext={onNext} />
    </>
  );
}

export function UserStep({ passwordMin, onNext }: { passwordMin: number; onNext: () => void }) {
  const t = useT();
  return (
    <Card title={t('admin:setup.user.title')} description={t('admin:setup.user.text')}>
      <UserForm passwordMin={passwordMin} onDone={onNext} />
      <Button variant="subtle" onClick={onNext}>
        {t('admin:setup.skip')}
      </Button>
    </Card>
  );
}

export function DoneStep() {
  const t = useT();
  return (
    <>
      <Notice tone="good" title={t('admin:setup.done.title')}>
        {t('admin:setup.done.text')}
      </Notice>
      <Notice tone="warn" title={t('admin:warning.kek_backup.title')}>
        {t('admin:warning.kek_backup.text')}
      </Notice>
      <Group>
        <LinkButton to={paths.admin.home()}>{t('admin:setup.done.admin')}</LinkButton>
        <LinkButton to={paths.login()} variant="default">
          {t('admin:setup.done.login')}
        </LinkButton>
      </Group>
    </>
  );
}
