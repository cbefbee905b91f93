// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { makeQueryClient } from './lib/query-client';
import { makeRouter } from './router';

it('routes.json lists every page (vitest -u writes it); the browser story visits each of them', async () => {
  const { routesByPath } = makeRouter(makeQueryClient());
  const pages = Object.keys(routesByPath).sort();
  await expect(`${JSON.stringify(pages, null, 2)}\n`).toMatchFileSnapshot('./routes.json');
});
