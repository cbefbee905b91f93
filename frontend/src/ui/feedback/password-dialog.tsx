import { Group, Modal, PasswordInput, Stack } from '@mantine/core';
import { useState } from 'react';
import { provePassword } from '~/api/client';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from './feedback';

type Props = { path: string; onProved: () => void; onCancel: () => void };

/** Asks whoever is logged in for the password once more. */
export function PasswordDialog({ path, onProved, onCancel }: Props) {
  const t = useT();
  const [password, setPassword] = useState('');
  const prove = useAction({ run: () => provePassword(path, password), onDone: onProved, errors: 'inline' });
  return (
    <Modal
      opened
      onClose={onCancel}
      title={t('prove.title')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          prove.mutate();
        }}
      >
        <Stack>
          <div>{t('prove.text')}</div>
          <PasswordInput
            label={t('password.current')}
            autoComplete="current-password"
            data-autofocus
            visibilityToggleButtonProps={{
              'aria-label': t('password.toggle'),
              tabIndex: 0,
              'aria-hidden': undefined,
            }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <ProblemAlert error={prove.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onCancel}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={prove.isPending} disabled={password === ''}>
              {t('prove.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
