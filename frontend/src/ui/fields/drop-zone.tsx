import { type DragEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { useT } from '~/i18n/use-t';
import { filesOfInput, filesOfTransfer, type PickedFile } from '~/lib/dropped-files';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import classes from './drop-zone.module.css';

type Props = { onFiles: (files: PickedFile[]) => void; hint?: ReactNode; compact?: boolean };

/** Takes files and folders: dropped, pasted or chosen. */
export function DropZone({ onFiles, hint, compact }: Props) {
  const t = useT();
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const latest = useRef(onFiles);
  latest.current = onFiles;

  const take = (picked: PickedFile[]): void => {
    if (picked.length > 0) latest.current(picked);
  };
  // Files may be pasted anywhere on the page, so the listener is on the document.
  useEffect(() => {
    const onPaste = (event: ClipboardEvent): void => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      void filesOfTransfer(event.clipboardData).then((picked) => {
        if (picked.length > 0) latest.current(picked);
      });
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, []);
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void filesOfTransfer(event.dataTransfer).then(take);
  };
  const chosen = (input: HTMLInputElement): void => {
    take(filesOfInput(input.files));
    // The same file may be chosen again, after a removal or to continue.
    input.value = '';
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra for the mouse; the buttons inside do the same.
    <div
      className={classes.zone}
      data-over={over || undefined}
      data-compact={compact || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <span className={classes.icon}>
        <Icon name="upload" size={compact ? 20 : 26} />
      </span>
      <div className={classes.text}>
        <strong className={classes.mouse}>{over ? t('drop.release') : t('drop.title')}</strong>
        <strong className={classes.touch}>{t('drop.touch')}</strong>
        {hint && <span>{hint}</span>}
      </div>
      <div className={classes.buttons}>
        <Button
          variant="light"
          onClick={() => files.current?.click()}
          leftSection={<Icon name="file" size={16} />}
        >
          {t('drop.files')}
        </Button>
        <Button
          variant="subtle"
          onClick={() => folder.current?.click()}
          leftSection={<Icon name="folder" size={16} />}
        >
          {t('drop.folder')}
        </Button>
      </div>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label={t('drop.files')}
        onChange={(e) => chosen(e.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        aria-label={t('drop.folder')}
        {...{ webkitdirectory: '' }}
        onChange={(e) => chosen(e.currentTarget)}
      />
    </div>
  );
}
