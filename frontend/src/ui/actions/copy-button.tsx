import { ActionIcon, Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useT } from '~/i18n/use-t';
import { Icon } from '~/ui/brand/icon';

type Props = { value: string; label: string; withText?: boolean };

/** Copies a text and says so, to the eye and to the ear. */
export function CopyButton({ value, label, withText }: Props) {
  const t = useT();
  const { copy, copied } = useClipboard({ timeout: 2000 });
  const icon = <Icon name={copied ? 'check' : 'copy'} size={16} />;
  const text = copied ? t('action.copied') : label;
  if (withText) {
    return (
      <Button variant="default" leftSection={icon} onClick={() => copy(value)}>
        <span aria-live="polite">{text}</span>
      </Button>
    );
  }
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={text} title={text} onClick={() => copy(value)}>
      {icon}
    </ActionIcon>
  );
}
