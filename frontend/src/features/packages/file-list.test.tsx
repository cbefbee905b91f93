// @vitest-environment jsdom
import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import type { PackageFile } from '~/api/types';
import { renderWithTexts } from '~/testing/render';
import { FileList } from './file-list';

afterEach(cleanup);

const file = (path: string, more: Partial<PackageFile> = {}): PackageFile => ({
  id: path,
  path,
  name: path.split('/').at(-1) ?? path,
  size: 10,
  received: 10,
  complete: true,
  media_type: 'text/plain',
  sha256: null,
  check: 'clean',
  released: null,
  deliverable: true,
  withheld: null,
  locked: false,
  findings: [],
  ...more,
});

it('names each download, and offers none of a file that is held back', async () => {
  const files = [file('notes/read me.txt'), file('bad.txt', { check: 'blocked', deliverable: false })];
  await renderWithTexts(<FileList files={files} packageId="1" mayDownload />);
  expect(screen.getAllByRole('link')).toHaveLength(1);
  expect(screen.getByRole('link', { name: 'Download read me.txt' }).getAttribute('href')).toContain(
    '/1/files/',
  );
});

it('shows names as text, with a mark for what nobody would see', async () => {
  const files = [file('<img src=x onerror=alert(1)>.txt'), file('invoice\u202efdp.txt')];
  await renderWithTexts(<FileList files={files} packageId="1" mayDownload />);
  expect(document.querySelector('img')).toBeNull();
  expect(screen.getByText('<img src=x onerror=alert(1)>.txt')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Download invoice\ufffdfdp.txt' })).toBeTruthy();
});
