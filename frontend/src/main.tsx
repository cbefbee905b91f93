import './ui/theme/variables.css';
import './ui/theme/global.css';
import { createRoot } from 'react-dom/client';
import type { AdminSession } from './api/admin-types';
import { setUnauthenticatedHandler } from './api/client';
import { isProblem } from './api/problem';
import type { Session } from './api/types';
import { App } from './app';
import { adminSessionKey } from './features/admin-session/api';
import { sessionKey } from './features/session/api';
import { startI18n } from './i18n';
import { holdSecret } from './lib/held-secret';
import { paths } from './lib/paths';
import { makeQueryClient } from './lib/query-client';
import { makeRouter } from './router';
import { startColorScheme } from './ui/theme/color-scheme';

holdSecret();
startColorScheme();
const texts = startI18n();

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
  // The frame is still shown while the router moves on: it is told that nobody is logged in, not that nothing is known.
  queryClient.setQueryData<Session>(sessionKey, (old) => old && { ...old, user: null });
  queryClient.setQueryData<AdminSession>(adminSessionKey, (old) => old && { ...old, administrator: null });
  void router.navigate({ href: administrator ? paths.admin.login(href) : paths.login(href) }).then(() => {
    queryClient.removeQueries({
      predicate: ({ queryKey }) =>
        ![sessionKey, adminSessionKey].some((key) => key.join() === queryKey.join()),
    });
  });
});

// Texts, the page's code and its data come side by side; index.html shows that something is coming.
await Promise.all([texts, router.load()]);

const element = document.getElementById('root');
if (!element) throw new Error('index.html has no element #root');
const root = createRoot(element, {
  // The page shows what the server refused; only what broke is the console's business.
  onCaughtError: (error) => {
    if (!isProblem(error)) console.error(error);
  },
});
root.render(<App router={router} queryClient={queryClient} />);
