import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useT } from '~/i18n/use-t';
import { Icon } from '~/ui/brand/icon';

type Props = { value: string; label: string; withText?: boolean };

/** Copies a text and says so, to the eye and to the ear. */
export function CopyButton({ value, label, withText }: Props) {
  const t = useT();
  const { copy, copied } = useClipboard({ timeout: 2000 });
  const icon = <Icon name={copied ? 'check' : 'copy'} size={16} />;
  if (withText) {
    return (
      <Button variant="default" leftSection={icon} onClick={() => copy(value)}>
        <span aria-live="polite">{copied ? t('action.copied') : label}</span>
      </Button>
    );
  }
  return (
    <Tooltip label={copied ? t('action.copied') : label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={copied ? t('action.copied') : label}
        onClick={() => copy(value)}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
