import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { useT } from '~/i18n/use-t';
import { Icon } from '~/ui/brand/icon';
import classes from './search-box.module.css';

/** Searches while you type; the text lives in the URL, which is the caller's. */
export function SearchBox({
  value,
  onSearch,
  label,
}: {
  value: string;
  onSearch: (q: string) => void;
  label: string;
}) {
  const t = useT();
  const [text, setText] = useState(value);
  const search = useDebouncedCallback(onSearch, 300);
  const change = (next: string): void => {
    setText(next);
    search(next);
  };
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      maxLength={200}
      className={classes.box}
      leftSection={<Icon name="search" size={16} />}
      rightSection={
        text === '' ? null : <CloseButton aria-label={t('action.clear')} onClick={() => change('')} />
      }
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}
