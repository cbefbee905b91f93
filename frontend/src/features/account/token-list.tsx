import { Group, Modal, NumberInput, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApiToken, NewApiToken } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { CopyButton } from '~/ui/actions/copy-button';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Empty, ListSkeleton, LoadError, Notice, ProblemAlert } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import classes from './account.module.css';
import { createToken, deleteToken, tokensKey, tokensQuery } from './api';

function NewToken({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [name, setName] = useState('');
  const [days, setDays] = useState<number | string>(365);
  const create = useAction<void, NewApiToken>({
    run: () =>
      createToken({ name: name.trim(), ...(typeof days === 'number' ? { expires_in_days: days } : {}) }),
    stale: [tokensKey],
    errors: 'inline',
  });
  if (create.data) {
    return (
      <Stack>
        <Notice tone="warn">{t('account:tokens.once')}</Notice>
        <div className={classes.token}>
          <span>{create.data.token}</span>
          <CopyButton value={create.data.token} label={t('account:tokens.copy')} />
        </div>
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('action.done')}</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Stack>
        <TextInput
          label={t('account:tokens.name')}
          description={t('account:tokens.name_hint')}
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput label={t('account:tokens.days')} min={1} max={3650} value={days} onChange={setDays} />
        <ProblemAlert error={create.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
            {t('account:tokens.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function TokenRow({ token }: { token: ApiToken }) {
  const t = useT();
  const remove = useAction({
    run: () => deleteToken(token.id),
    done: t('account:tokens.deleted'),
    stale: [tokensKey],
    errors: 'inline',
  });
  return (
    <Row
      title={token.name}
      sub={
        <>
          {token.last_used_at ? t('account:tokens.last_used') : t('account:tokens.never_used')}{' '}
          {token.last_used_at && <Time at={token.last_used_at} />}
          {token.expires_at && (
            <>
              {' · '}
              {t('account:tokens.expires')} <Time at={token.expires_at} />
            </>
          )}
        </>
      }
      actions={
        <ConfirmButton
          label={t('action.delete')}
          title={t('account:tokens.delete_title')}
          text={t('account:tokens.delete_text', { name: token.name })}
          confirm={t('action.delete')}
          danger
          variant="default"
          size="xs"
          onConfirm={() => remove.mutateAsync()}
        />
      }
    />
  );
}

export function TokenList() {
  const t = useT();
  const tokens = useQuery(tokensQuery);
  if (tokens.isPending) return <ListSkeleton rows={2} />;
  if (tokens.isError) return <LoadError error={tokens.error} onRetry={() => void tokens.refetch()} />;
  if (tokens.data.items.length === 0) return <Empty icon="key" title={t('account:tokens.empty')} />;
  return (
    <Rows label={t('account:tokens.title')}>
      {tokens.data.items.map((token) => (
        <TokenRow key={token.id} token={token} />
      ))}
    </Rows>
  );
}

export function NewTokenButton() {
  const t = useT();
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button variant="light" size="xs" leftSection={<Icon name="plus" size={16} />} onClick={dialog.open}>
        {t('account:tokens.new')}
      </Button>
      <Modal
        opened={opened}
        onClose={dialog.close}
        title={t('account:tokens.new')}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <NewToken onClose={dialog.close} />
      </Modal>
    </>
  );
}
