import type { ReactNode } from 'react';
import type { PackageFile } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { groupHash, plainName } from '~/lib/format';
import { paths } from '~/lib/paths';
import { CopyButton } from '~/ui/actions/copy-button';
import { ButtonAnchor } from '~/ui/base/button';
import { Progress } from '~/ui/base/progress';
import { Icon } from '~/ui/brand/icon';
import { Size } from '~/ui/fields/size';
import classes from './file-list.module.css';
import { FindingList } from './finding-list';
import { FileBadge } from './state-badge';

function Hash({ value }: { value: string }) {
  const t = useT();
  return (
    <details className={classes.details}>
      <summary>{t('packages:file.sha256')}</summary>
      <div className={classes.hash}>
        <code>{groupHash(value)}</code>
        <CopyButton value={value} label={t('packages:file.copy_sha256')} />
      </div>
    </details>
  );
}

/** Fetches a file that may leave. */
export function DownloadLink({ packageId, file }: { packageId: string; file: PackageFile }) {
  const t = useT();
  return (
    <ButtonAnchor
      href={paths.api.file(packageId, file.id)}
      download={file.name}
      variant="default"
      size="xs"
      leftSection={<Icon name="download" size={16} />}
      aria-label={t('packages:file.download_named', { name: plainName(file.name) })}
    >
      {t('packages:file.download')}
    </ButtonAnchor>
  );
}

function FileRow({ file, download }: { file: PackageFile; download: ReactNode }) {
  const t = useT();
  const name = plainName(file.name);
  const folder = file.path.slice(0, Math.max(0, file.path.length - file.name.length));
  return (
    <li className={classes.row}>
      <span className={classes.icon}>
        <Icon name="file" size={20} />
      </span>
      <div className={classes.what}>
        <div className={classes.name}>
          {folder && <span className={classes.folder}>{plainName(folder)}</span>}
          {name}
        </div>
        <div className={classes.facts}>
          <Size bytes={file.size} />
          {file.media_type && <span>{file.media_type}</span>}
        </div>
        {!file.complete && file.size > 0 && (
          <Progress
            value={(100 * file.received) / file.size}
            aria-label={t('packages:file.arriving', { name })}
          />
        )}
        <FindingList findings={file.findings} check={file.check} />
        {file.released && (
          <p className={classes.released}>
            {t('packages:file.released', { by: file.released.by, reason: file.released.reason })}
          </p>
        )}
        {file.sha256 && <Hash value={file.sha256} />}
      </div>
      <div className={classes.end}>
        <FileBadge file={file} />
        {download}
      </div>
    </li>
  );
}

const collator = new Intl.Collator(undefined, { numeric: true });
/** As a folder shows them; they arrive side by side, so the order of arrival means nothing. */
const byPath = (a: PackageFile, b: PackageFile): number => collator.compare(a.path, b.path);

type Props = {
  files: readonly PackageFile[];
  packageId: string;
  mayDownload: boolean;
  /** What fetches a file, if it is not the usual link. */
  download?: (file: PackageFile) => ReactNode;
  /** What can be done with a file that may not leave. */
  otherwise?: (file: PackageFile) => ReactNode;
};

/** The files of a package with what is known of each. */
export function FileList({ files, packageId, mayDownload, download, otherwise }: Props) {
  const t = useT();
  const link = (file: PackageFile) => download?.(file) ?? <DownloadLink packageId={packageId} file={file} />;
  return (
    <ul className={classes.list} aria-label={t('packages:files')}>
      {[...files].sort(byPath).map((file) => (
        <FileRow
          key={file.id}
          file={file}
          download={mayDownload && file.deliverable ? link(file) : otherwise?.(file)}
        />
      ))}
    </ul>
  );
}

/** Says how far the checks are; polite, so that a screen reader is not interrupted at each file. */
export function CheckProgress({ checked, total }: { checked: number; total: number }) {
  const t = useT();
  const text = t('packages:checks_progress', { count: total, checked });
  return (
    <div className={classes.progress}>
      <Progress value={total === 0 ? 0 : (100 * checked) / total} busy={checked < total} aria-label={text} />
      <span aria-live="polite">{text}</span>
    </div>
  );
}
