// @vitest-environment jsdom
import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, expect, it } from 'vitest';
import { renderWithTexts } from '~/testing/render';
import { EmailChips } from './email-chips';

afterEach(cleanup);

function Field() {
  const [value, setValue] = useState<string[]>([]);
  return (
    <>
      <EmailChips label="To" value={value} onChange={setValue} />
      <output>{value.join(' ')}</output>
    </>
  );
}

it('makes chips of a pasted list, marks the bad one, and takes one away', async () => {
  await renderWithTexts(<Field />);
  const user = userEvent.setup();
  await user.click(screen.getByRole('textbox', { name: 'To' }));
  await user.paste('Jana <jana@example.com>; petr@example.com, broken@');
  expect(screen.getByRole('status').textContent).toBe('jana@example.com petr@example.com broken@');
  expect(screen.getByText(/does not look right: broken@/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Remove broken@' }));
  expect(screen.queryByText(/does not look right/)).toBeNull();
});

it('ends an address with comma, Enter or leaving the field', async () => {
  await renderWithTexts(<Field />);
  const user = userEvent.setup();
  const box = screen.getByRole('textbox', { name: 'To' });
  await user.type(box, 'a@b.cz,c@d.cz{Enter}e@f.cz');
  await user.tab();
  expect(screen.getByRole('status').textContent).toBe('a@b.cz c@d.cz e@f.cz');
});
