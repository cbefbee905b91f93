import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Package } from '~/api/types';
import { deleteFile, packageKeys, packageQuery } from '~/features/packages/api';
import { Composer } from '~/features/packages/composer';
import { sessionQuery } from '~/features/session/api';
import { UploadPanel } from '~/features/uploads/upload-panel';
import { useUploads } from '~/features/uploads/use-uploads';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useLoaded } from '~/lib/use-loaded';
import { Page } from '~/ui/page/page';

type Props = {
  draft: Package | null;
  /** The first file made the package. */
  onCreated: (value: Package) => void;
  actions?: ReactNode;
};

/** Writing a package: the letter is the packages' business, its files are the uploads'; they meet here. */
export function ComposePage({ draft, onCreated, actions }: Props) {
  const t = useT();
  const router = useRouter();
  const queryClient = useQueryClient();
  const { instance, can } = useLoaded(sessionQuery);
  const [id, setId] = useState(draft?.id ?? null);
  const uploads = useUploads(id);
  const current = useQuery({ ...packageQuery(id ?? ''), enabled: id !== null });
  const serverFiles = current.data?.files ?? draft?.files ?? [];
  const local = new Set(uploads.items.map((item) => item.source.path));
  const others = serverFiles.filter((file) => !local.has(file.path));
  const earlier = others.filter((file) => file.complete).length;

  return (
    <Page title={draft ? t('send:page.draft') : t('send:page.new')} actions={actions} width="wide">
      <Composer
        instance={instance}
        can={can}
        draft={draft}
        fileCount={uploads.items.length + earlier}
        interrupted={earlier < others.length}
        uploading={uploads.active > 0}
        onCreated={(value) => {
          setId(value.id);
          onCreated(value);
        }}
        onSent={(value) => void router.navigate({ to: paths.package(value.id) })}
        uploads={(ensure) => (
          <UploadPanel
            packageId={id}
            ensure={ensure}
            limits={instance.limits}
            serverFiles={serverFiles}
            onRemoveServerFile={async (fileId) => {
              if (id === null) return;
              if (fileId !== null) await deleteFile(id, fileId);
              await queryClient.invalidateQueries({ queryKey: packageKeys.one(id) });
            }}
          />
        )}
      />
    </Page>
  );
}
