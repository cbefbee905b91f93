import type { Instance } from '~/api/types';
import type { PickedFile } from '~/lib/dropped-files';

export type Refusal = {
  path: string;
  why: 'file_too_large' | 'package_too_large' | 'too_many' | 'duplicate';
};
/** What the package has; `paths` are taken, unless a failed or broken-off upload is tried again with them. */
type Present = { count: number; size: number; paths: ReadonlySet<string> };

/** Sorts out what the server would refuse anyway, before a byte is sent. */
export function checkLimits(picked: readonly PickedFile[], present: Present, limits: Instance['limits']) {
  const accepted: PickedFile[] = [];
  const refusals: Refusal[] = [];
  let { count, size } = present;
  const paths = new Set(present.paths);
  for (const one of picked) {
    if (paths.has(one.path)) refusals.push({ path: one.path, why: 'duplicate' });
    else if (one.file.size > limits.file_size) refusals.push({ path: one.path, why: 'file_too_large' });
    else if (count + 1 > limits.files) refusals.push({ path: one.path, why: 'too_many' });
    else if (size + one.file.size > limits.package_size)
      refusals.push({ path: one.path, why: 'package_too_large' });
    else {
      accepted.push(one);
      paths.add(one.path);
      count += 1;
      size += one.file.size;
    }
  }
  return { accepted, refusals };
}
