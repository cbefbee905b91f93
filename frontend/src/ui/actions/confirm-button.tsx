import { Group, Modal, Stack, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { useT } from '~/i18n/use-t';
import { Button, type ButtonProps } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';

type Props = Omit<ButtonProps, 'children' | 'title' | 'onClick'> & {
  label: string;
  title: string;
  text: ReactNode;
  confirm: string;
  danger?: boolean;
  /** Asks for a reason, which may not be empty. */
  reason?: { label: string; description?: string };
  disabledReason?: string;
  onConfirm: (reason: string) => Promise<unknown>;
};

/** A button whose act is asked about first. The dialog stays open when the server refuses, and says why. */
export function ConfirmButton(props: Props) {
  const { label, title, text, confirm, danger, reason, disabledReason, onConfirm, ...button } = props;
  const t = useT();
  const [opened, dialog] = useDisclosure(false);
  const [why, setWhy] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const open = (): void => {
    setError(null);
    setWhy('');
    dialog.open();
  };
  const run = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm(why.trim());
      dialog.close();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const blocked = disabledReason !== undefined;
  return (
    <>
      <Button {...button} onClick={open} disabled={blocked} title={disabledReason}>
        {label}
      </Button>
      <Modal
        opened={opened}
        onClose={dialog.close}
        title={title}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <Stack>
          <div>{text}</div>
          {reason && (
            <Textarea
              label={reason.label}
              description={reason.description}
              required
              autosize
              minRows={3}
              data-autofocus
              value={why}
              onChange={(event) => setWhy(event.currentTarget.value)}
            />
          )}
          <ProblemAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={dialog.close}>
              {t('action.cancel')}
            </Button>
            <Button
              color={danger ? 'red' : undefined}
              loading={busy}
              disabled={reason !== undefined && why.trim() === ''}
              onClick={() => void run()}
            >
              {confirm}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
