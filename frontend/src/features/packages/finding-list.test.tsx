// @vitest-environment jsdom
import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { renderWithTexts } from '~/testing/render';
import { FindingList } from './finding-list';

afterEach(cleanup);

it('explains known findings, and shows unknown codes as they came', async () => {
  await renderWithTexts(
    <FindingList
      check="blocked"
      findings={[
        { engine: 'eicar', outcome: 'infected', name: 'eicar-test-file', object: 'a.zip/b.com' },
        { engine: 'clamd-2', outcome: 'infected', name: 'Win.Test.EICAR_HDB-1', object: null },
      ]}
    />,
  );
  expect(screen.getByText('EICAR test virus')).toBeTruthy();
  expect(screen.getByText('in a.zip/b.com')).toBeTruthy();
  expect(screen.getByText('Win.Test.EICAR_HDB-1')).toBeTruthy();
  expect(screen.getByText('(ClamAV 2)')).toBeTruthy();
});

it('never leaves an unscannable file without a word', async () => {
  await renderWithTexts(<FindingList check="unscannable" findings={[]} />);
  expect(screen.getByText('The file could not be checked.')).toBeTruthy();
});
