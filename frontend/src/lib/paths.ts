/** Every URL of the application is built here. */
const withQuery = (path: string, query: Record<string, string | undefined>): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  const text = search.toString();
  return text ? `${path}?${text}` : path;
};

export const paths = {
  home: () => '/',
  login: (next?: string) => withQuery('/login', { next }),
  forgot: () => '/forgot',
  reset: () => '/reset',
  welcome: () => '/welcome',
  setup: () => '/setup',
  guest: () => '/guest',
  visitPackage: (id: string) => `/p/${id}`,
  visitRequest: (id: string) => `/r/${id}`,

  inbox: () => '/inbox',
  send: () => '/send',
  draft: (id: string) => `/send/${id}`,
  requests: () => '/requests',
  approvals: () => '/approvals',
  approval: (id: string) => `/approvals/${id}`,
  sent: () => '/sent',
  drafts: () => '/drafts',
  package: (id: string) => `/packages/${id}`,
  account: () => '/account',

  admin: {
    home: () => '/admin',
    login: (next?: string) => withQuery('/admin/login', { next }),
    packages: (view?: string) => withQuery('/admin/packages', { view }),
    package: (id: string) => `/admin/packages/${id}`,
    quarantine: () => '/admin/quarantine',
    users: () => '/admin/users',
    groups: () => '/admin/groups',
    administrators: () => '/admin/administrators',
    engines: () => '/admin/engines',
    rules: () => '/admin/rules',
    policy: (group?: string) => withQuery('/admin/policy', { group }),
    checks: () => '/admin/checks',
    exceptions: () => '/admin/exceptions',
    settings: () => '/admin/settings',
    licence: () => '/admin/licence',
    outbox: () => '/admin/outbox',
    mail: (id: string) => `/admin/outbox/${id}`,
    audit: () => '/admin/audit',
    jobs: () => '/admin/jobs',
    keys: () => '/admin/keys',
    account: () => '/admin/account',
  },

  api: {
    file: (packageId: string, fileId: string) => `/api/v1/packages/${packageId}/files/${fileId}/content`,
    adminFile: (packageId: string, fileId: string, reason: string) =>
      withQuery(`/api/v1/admin/packages/${packageId}/files/${fileId}/content`, { reason }),
    sample: (packageId: string, fileId: string, reason: string) =>
      withQuery(`/api/v1/admin/packages/${packageId}/files/${fileId}/sample/content`, { reason }),
    zip: (packageId: string) => `/api/v1/packages/${packageId}/zip`,
    uploads: () => '/api/v1/uploads',
  },
} as const;

/** A return path is followed only when it stays on this site. */
export function safeReturnPath(next: unknown, fallback: string): string {
  if (typeof next !== 'string' || !next.startsWith('/') || next.startsWith('//') || next.includes('\\'))
    return fallback;
  const base = 'https://sofie.invalid';
  const url = new URL(next, base);
  return url.origin === base ? url.pathname + url.search : fallback;
}
