import './ui/theme/mantine.css';
import './ui/theme/global.css';
import { createRoot } from 'react-dom/client';
import { setUnauthenticatedHandler } from './api/client';
import { App } from './app';
import { startI18n } from './i18n';
import { holdSecret } from './lib/held-secret';
import { paths } from './lib/paths';
import { makeQueryClient } from './lib/query-client';
import { makeRouter } from './router';

holdSecret();
await startI18n();

const queryClient = makeQueryClient();
const router = makeRouter(queryClient);

/** A session that ended: forget what it was allowed to see, log in, come back. Public pages show it themselves. */
setUnauthenticatedHandler((path) => {
  const { pathname, href } = router.state.location;
  const administrator = path.startsWith('/admin/');
  const guarded = router.state.matches.some(
    (match) => match.routeId === (administrator ? '/admin' : '/user'),
  );
  if (!guarded || pathname === '/login' || pathname === '/admin/login') return;
  queryClient.clear();
  void router.navigate({ href: administrator ? paths.admin.login(href) : paths.login(href) });
});

const element = document.getElementById('root');
if (!element) throw new Error('index.html has no element #root');
createRoot(element).render(<App router={router} queryClient={queryClient} />);
