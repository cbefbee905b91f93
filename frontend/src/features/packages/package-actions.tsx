import { Group, Modal, NumberInput, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import type { Instance, Package } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Button, ButtonAnchor } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { changePackage, deletePackage, packageKeys, restorePackage } from './api';

function ExtendButton({ value, limits }: { value: Package; limits: Instance['expiry_days'] }) {
  const t = useT();
  const [opened, dialog] = useDisclosure(false);
  const [days, setDays] = useState<number | string>(limits.default);
  const extend = useAction({
    run: () => changePackage(value.id, { expires_in_days: Number(days) }),
    done: t('packages:extend.done'),
    stale: [packageKeys.all],
    onDone: dialog.close,
    errors: 'inline',
  });
  return (
    <>
      <Button variant="default" onClick={dialog.open} leftSection={<Icon name="clock" size={16} />}>
        {t('packages:extend.action')}
      </Button>
      <Modal
        opened={opened}
        onClose={dialog.close}
        title={t('packages:extend.title')}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <Stack>
          <NumberInput
            label={t('packages:extend.days')}
            description={t('packages:extend.hint', { min: limits.min, max: limits.max })}
            min={limits.min}
            max={limits.max}
            value={days}
            onChange={setDays}
            data-autofocus
          />
          <ProblemAlert error={extend.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={dialog.close}>
              {t('action.cancel')}
            </Button>
            <Button loading={extend.isPending} disabled={days === ''} onClick={() => extend.mutate()}>
              {t('action.save')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

type Props = { value: Package; instance: Instance; onDeleted: () => void };

/** What may be done with a package; the server says what, in `can`. */
export function PackageActions({ value, instance, onDeleted }: Props) {
  const t = useT();
  const restore = useAction({
    run: () => restorePackage(value.id),
    done: t('packages:restore.done'),
    stale: [packageKeys.all],
  });
  const remove = useAction({
    run: () => deletePackage(value.id),
    done: t('packages:withdraw.done'),
    stale: [packageKeys.all],
    onDone: onDeleted,
    errors: 'inline',
  });
  return (
    <>
      {value.can.zip && value.file_count > 1 && (
        <ButtonAnchor
          href={paths.api.zip(value.id)}
          download=""
          leftSection={<Icon name="download" size={16} />}
        >
          {t('packages:zip')}
        </ButtonAnchor>
      )}
      {value.can.extend && <ExtendButton value={value} limits={instance.expiry_days} />}
      {value.can.restore && (
        <Button variant="default" loading={restore.isPending} onClick={() => restore.mutate()}>
          {t('packages:restore.action')}
        </Button>
      )}
      {value.can.delete && value.state !== 'draft' && (
        <ConfirmButton
          label={t('packages:withdraw.action')}
          title={t('packages:withdraw.title')}
          text={t('packages:withdraw.text')}
          confirm={t('packages:withdraw.action')}
          danger
          variant="default"
          leftSection={<Icon name="trash" size={16} />}
          onConfirm={() => remove.mutateAsync()}
        />
      )}
    </>
  );
}
