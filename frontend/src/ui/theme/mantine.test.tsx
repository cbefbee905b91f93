// @vitest-environment jsdom
import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { chooseScheme } from './color-scheme';
import { WithMantine } from './mantine';

afterEach(cleanup);

it('never takes a dark page for a light one, not even while it mounts', () => {
  chooseScheme('dark');
  const root = document.documentElement;
  const observer = new MutationObserver(() => undefined);
  observer.observe(root, { attributes: true, attributeOldValue: true });
  render(<WithMantine>text</WithMantine>);
  const seen = observer.takeRecords().map(({ oldValue }) => oldValue);
  expect([...seen, root.dataset.mantineColorScheme]).not.toContain('light');
  observer.disconnect();
});
