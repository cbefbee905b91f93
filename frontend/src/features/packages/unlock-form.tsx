import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Package } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { plainName } from '~/lib/format';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { SecretField, SelectField } from '~/ui/base/field';
import { Stack } from '~/ui/base/stack';
import { Notice, ProblemAlert } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { rememberPackage, unlockFiles } from './api';
import { isMoving } from './model';

/** Asks for the password of files that are held because nobody could look into them: of one, or of all. */
export function UnlockForm({ value }: { value: Package }) {
  const t = useT();
  const queryClient = useQueryClient();
  const [password, setPassword] = useState('');
  const [fileId, setFileId] = useState('');
  const [tried, setTried] = useState(false);
  const unlock = useAction<void, Package>({
    run: () => unlockFiles(value.id, password, fileId || null),
    errors: 'inline',
    onDone: (next) => {
      setTried(true);
      setPassword('');
      setFileId('');
      rememberPackage(queryClient, next);
    },
  });
  const locked = value.files.filter((file) => file.locked);
  if (tried && isMoving(value.state)) return <Notice tone="info">{t('packages:unlock.checking')}</Notice>;
  if (!value.can.unlock) return null;
  return (
    <Card title={t('packages:unlock.title')} description={t('packages:unlock.lead')}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (password !== '') unlock.mutate();
        }}
      >
        <Stack>
          {tried && <Notice tone="bad">{t('packages:unlock.wrong')}</Notice>}
          {locked.length === 1 && <p>{plainName(locked[0]?.name ?? '')}</p>}
          {locked.length > 1 && (
            <SelectField
              label={t('packages:unlock.file')}
              value={fileId}
              onChange={(event) => setFileId(event.currentTarget.value)}
              choices={[
                { value: '', label: t('packages:unlock.all', { count: locked.length }) },
                ...locked.map((file) => ({ value: file.id, label: plainName(file.name) })),
              ]}
            />
          )}
          <SecretField
            label={t('packages:unlock.password')}
            autoComplete="off"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <ProblemAlert error={unlock.error} />
          <Button type="submit" loading={unlock.isPending} disabled={password === ''}>
            {t('packages:unlock.submit')}
          </Button>
        </Stack>
      </form>
    </Card>
  );
}
