import { useState } from 'react';
import { isProblem } from '~/api/problem';
import type { Instance, PackageFile } from '~/api/types';
import { useLocale, useT } from '~/i18n/use-t';
import type { PickedFile } from '~/lib/dropped-files';
import { buttonBeside } from '~/lib/focus';
import { formatSize, plainName } from '~/lib/format';
import { problemText } from '~/lib/problem-text';
import { Button } from '~/ui/base/button';
import { Notice } from '~/ui/feedback/feedback';
import { DropZone } from '~/ui/fields/drop-zone';
import { Card } from '~/ui/page/card';
import { checkLimits, type Refusal } from './limits';
import { uploaderOf } from './registry';
import { TransferSummary } from './transfer-summary';
import { ServerFileRow, UploadRow } from './upload-row';
import type { Item } from './uploader';
import classes from './uploads.module.css';
import { useUploads } from './use-uploads';

type Props = {
  packageId: string | null;
  /** Makes the package when the first file comes. */
  ensure: () => Promise<string>;
  limits: Instance['limits'];
  /** What the server already has, for example from before a reload. */
  serverFiles: readonly PackageFile[];
  /** A file is left out: delete it on the server if it has an id there (an unfinished one is gone already). */
  onRemoveServerFile: (fileId: string | null) => Promise<unknown>;
  /** Makes the package in the place of one that another browser has begun. */
  onStartOver?: () => Promise<string>;
};

/** What needs somebody comes first; the rest stays as it came. */
const failedFirst = (items: readonly Item[]): Item[] => {
  const rank = (item: Item): number => (item.state.name === 'failed' ? 0 : 1);
  return [...items].sort((one, other) => rank(one) - rank(other));
};

/** Takes files and shows how they travel. The work itself is the uploader's. */
export function UploadPanel(props: Props) {
  const { packageId, ensure, limits, serverFiles, onRemoveServerFile, onStartOver } = props;
  const t = useT();
  const locale = useLocale();
  const uploads = useUploads(packageId);
  const [refused, setRefused] = useState<Refusal[]>([]);
  const [failure, setFailure] = useState<{ error: unknown; picked: PickedFile[] } | null>(null);
  const local = new Set(uploads.items.map((item) => item.source.path));
  const earlier = serverFiles.filter((file) => !local.has(file.path));

  const take = async (picked: PickedFile[], begin = ensure): Promise<void> => {
    const present = {
      count: uploads.items.length + earlier.filter((file) => file.complete).length,
      paths: new Set([
        ...uploads.items.filter(({ state }) => state.name !== 'failed').map(({ source }) => source.path),
        ...earlier.filter(({ complete }) => complete).map(({ path }) => path),
      ]),
      size: uploads.total + earlier.reduce((sum, file) => sum + (file.complete ? file.size : 0), 0),
    };
    const { accepted, refusals } = checkLimits(picked, present, limits);
    setRefused(refusals);
    setFailure(null);
    if (accepted.length === 0) return;
    try {
      const id = await begin();
      uploaderOf(id).add(
        accepted.map(({ file, path }) => ({
          path,
          size: file.size,
          modified: file.lastModified,
          type: file.type,
          blob: file,
        })),
      );
    } catch (error) {
      setFailure({ error, picked });
    }
  };
  const remove = async (key: string, fileId: string | null): Promise<void> => {
    if (packageId === null) return;
    const next = buttonBeside(document.activeElement);
    await uploaderOf(packageId).remove(key);
    await onRemoveServerFile(fileId);
    if (document.activeElement === document.body) next?.focus();
  };
  const empty = uploads.items.length + earlier.length === 0;
  const hint = t('send:drop_hint', { size: formatSize(limits.file_size, locale) });

  return (
    <Card title={t('send:files')} flush>
      <div className={classes.zone}>
        <DropZone onFiles={(files) => void take(files)} compact={!empty} hint={empty ? hint : undefined} />
        {failure !== null && (
          <Notice
            tone="bad"
            actions={
              onStartOver &&
              isProblem(failure.error, 'answer_begun') && (
                <Button size="compact-sm" onClick={() => void take(failure.picked, onStartOver)}>
                  {t('visit:request.start_over')}
                </Button>
              )
            }
          >
            {problemText(t, locale, failure.error)}
          </Notice>
        )}
        {refused.length > 0 && (
          <Notice
            tone="warn"
            title={t('send:refused', { count: refused.length })}
            actions={
              <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setRefused([])}>
                {t('action.close')}
              </Button>
            }
          >
            <ul className={classes.refused}>
              {refused.slice(0, 5).map(({ path, why }) => (
                <li key={path}>
                  {plainName(path)}: {t(`send:refusal.${why}`)}
                </li>
              ))}
            </ul>
          </Notice>
        )}
        {packageId && uploads.items.length > 0 && (
          <TransferSummary snapshot={uploads} uploader={uploaderOf(packageId)} />
        )}
      </div>
      {!empty && (
        <ul className={classes.list} aria-label={t('send:files')}>
          {failedFirst(uploads.items).map((item) => (
            <UploadRow
              key={item.key}
              item={item}
              onPause={() => packageId && uploaderOf(packageId).pause(item.key)}
              onResume={() => packageId && uploaderOf(packageId).resume(item.key)}
              onRemove={() => void remove(item.key, item.state.name === 'done' ? item.state.fileId : null)}
            />
          ))}
          {earlier.map((file) => (
            <ServerFileRow key={file.id} file={file} onRemove={() => void onRemoveServerFile(file.id)} />
          ))}
        </ul>
      )}
    </Card>
  );
}
