import { lazy, Suspense, useEffect, useState } from 'react';
import { setPasswordHandler } from '~/api/client';

const PasswordDialog = lazy(() =>
  import('./password-dialog').then((module) => ({ default: module.PasswordDialog })),
);

type Asking = { path: string; answer: (given: boolean) => void };

/** Asks for the password when a sensitive request needs it; requests that come meanwhile wait for the same answer. */
export function PasswordGate() {
  const [asking, setAsking] = useState<Asking | null>(null);
  useEffect(() => {
    let pending: Promise<boolean> | null = null;
    setPasswordHandler((path) => {
      pending ??= new Promise((resolve) => {
        const answer = (given: boolean): void => {
          pending = null;
          setAsking(null);
          resolve(given);
        };
        setAsking({ path, answer });
      });
      return pending;
    });
    return () => setPasswordHandler(async () => false);
  }, []);
  if (!asking) return null;
  return (
    <Suspense fallback={null}>
      <PasswordDialog
        path={asking.path}
        onProved={() => asking.answer(true)}
        onCancel={() => asking.answer(false)}
      />
    </Suspense>
  );
}
