import type { PackageFile } from '~/api/types';
import { textOf, useLocale, useT } from '~/i18n/use-t';
import { formatPercent, plainName } from '~/lib/format';
import { IconButton } from '~/ui/base/button';
import { Progress } from '~/ui/base/progress';
import { Icon, type IconName } from '~/ui/brand/icon';
import { Size } from '~/ui/fields/size';
import type { Item } from './uploader';
import classes from './uploads.module.css';

function RowButton({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <IconButton aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} size={17} />
    </IconButton>
  );
}

function useStateText(item: Item): string {
  const t = useT();
  const locale = useLocale();
  const { state, sent, source } = item;
  switch (state.name) {
    case 'waiting':
      return t('send:item.waiting');
    case 'sending':
      return formatPercent(sent, source.size, locale);
    case 'paused':
      return t('send:item.paused');
    case 'retrying':
      return t('send:item.retrying');
    case 'done':
      return t('send:item.done');
    case 'failed':
      return textOf(t, 'error', state.code);
  }
}

type Props = { item: Item; onPause: () => void; onResume: () => void; onRemove: () => void };

export function UploadRow({ item, onPause, onResume, onRemove }: Props) {
  const t = useT();
  const { state, sent, source } = item;
  const text = useStateText(item);
  const name = plainName(source.path);
  const running = state.name === 'sending' || state.name === 'retrying' || state.name === 'waiting';
  return (
    <li className={classes.row} data-state={state.name}>
      <div className={classes.what}>
        <span className={classes.name}>{name}</span>
        <span className={classes.facts}>
          <Size bytes={source.size} />
          <span className={classes.state}>{text}</span>
        </span>
        {state.name !== 'done' && state.name !== 'failed' && (
          <Progress
            value={source.size === 0 ? 0 : (100 * sent) / source.size}
            aria-label={t('send:item.progress', { name })}
          />
        )}
      </div>
      <div className={classes.buttons}>
        {running && <RowButton icon="pause" label={t('send:item.pause', { name })} onClick={onPause} />}
        {state.name === 'paused' && (
          <RowButton icon="play" label={t('send:item.resume', { name })} onClick={onResume} />
        )}
        {state.name === 'failed' && (
          <RowButton icon="retry" label={t('send:item.retry', { name })} onClick={onResume} />
        )}
        <RowButton icon="trash" label={t('send:item.remove', { name })} onClick={onRemove} />
      </div>
    </li>
  );
}

/** A file that the server knows from before: arrived, or broken off by a reload. */
export function ServerFileRow({ file, onRemove }: { file: PackageFile; onRemove: () => void }) {
  const t = useT();
  const locale = useLocale();
  return (
    <li className={classes.row} data-state={file.complete ? 'done' : 'interrupted'}>
      <div className={classes.what}>
        <span className={classes.name}>{plainName(file.path)}</span>
        <span className={classes.facts}>
          <Size bytes={file.size} />
          <span className={classes.state}>
            {file.complete
              ? t('send:item.done')
              : t('send:item.interrupted', { percent: formatPercent(file.received, file.size, locale) })}
          </span>
        </span>
      </div>
      <div className={classes.buttons}>
        <RowButton
          icon="trash"
          label={t('send:item.remove', { name: plainName(file.path) })}
          onClick={onRemove}
        />
      </div>
    </li>
  );
}
