import { DetailedError, Upload } from 'tus-js-client';
import { CSRF_HEADER } from '~/api/client';
import type { Problem } from '~/api/problem';
import { paths } from '~/lib/paths';
import type { Failure, Transfer, TransferEvents, Transport } from './uploader';

/** One request carries at most this much, so that a proxy's or a session's time limit never meets a whole large file. */
const CHUNK = 64 * 1024 * 1024;

/** The code of a problem document, and of a refused file name what is wrong with it; null if a proxy answered. */
export function codeOfBody(body: string): string | null {
  try {
    const { code, errors } = JSON.parse(body) as Partial<Problem>;
    const name = errors?.find(({ field }) => field === 'filename');
    if (name) return name.code === 'duplicate' ? 'file_duplicate' : 'file_name';
    return typeof code === 'string' ? code : null;
  } catch {
    return null;
  }
}

function failureOf(error: Error): Failure {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (!response) return { code: 'network', retryable: true };
  const status = response.getStatus();
  const code = codeOfBody(response.getBody()) ?? (status === 413 ? 'too_large' : 'internal');
  const retryable = status >= 500 ? code !== 'no_space' : [409, 423, 429, 460].includes(status);
  return { code, retryable };
}

function send(packageId: string, source: Parameters<Transport>[1], events: TransferEvents): Transfer {
  if (!source.blob) throw new Error('a source without bytes cannot be sent');
  const upload = new Upload(source.blob, {
    endpoint: paths.api.uploads(),
    headers: { ...CSRF_HEADER },
    metadata: {
      package: packageId,
      filename: source.path.split('/').at(-1) ?? source.path,
      relativePath: source.path,
      filetype: source.type,
    },
    chunkSize: CHUNK,
    // The uploader decides about retries; one attempt is one transfer.
    retryDelays: null,
    storeFingerprintForResuming: true,
    removeFingerprintOnSuccess: true,
    // The same file chosen again after a reload continues where it stopped.
    fingerprint: async () => `sofie:${packageId}:${source.path}:${source.size}:${source.modified}`,
    onProgress: (sent) => events.progress(sent),
    onSuccess: () => events.done(upload.url?.split('/').at(-1) ?? ''),
    onError: (error) => events.failed(failureOf(error)),
  });
  let stopped = false;
  void upload.findPreviousUploads().then((previous) => {
    const last = previous.at(-1);
    if (last) upload.resumeFromPreviousUpload(last);
    if (!stopped) upload.start();
  });
  return {
    stop: () => {
      stopped = true;
      void upload.abort(false);
    },
    discard: () => upload.abort(true).catch(() => undefined),
  };
}

export const tusTransport: Transport = send;
