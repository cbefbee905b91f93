import { useT } from '~/i18n/use-t';
import { Button, IconButton } from '~/ui/base/button';
import { useCopy } from '~/ui/base/use-copy';
import { Icon } from '~/ui/brand/icon';

type Props = { value: string; label: string; withText?: boolean };

/** Copies a text and says so, to the eye and to the ear. */
export function CopyButton({ value, label, withText }: Props) {
  const t = useT();
  const { copy, copied } = useCopy();
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
    <IconButton aria-label={text} title={text} onClick={() => copy(value)}>
      {icon}
    </IconButton>
  );
}
