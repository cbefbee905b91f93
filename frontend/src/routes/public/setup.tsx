import { useQueryClient } from '@tanstack/react-query';
import { redirect } from '@tanstack/react-router';
import { useState } from 'react';
import { adminSessionKey, adminSessionQuery } from '~/features/admin-session/api';
import { sessionKey } from '~/features/session/api';
import { AdministratorStep } from '~/features/setup/administrator-step';
import { SETUP_STEPS, type SetupStep, StepList } from '~/features/setup/step-list';
import { useT } from '~/i18n/use-t';
import { dropSecret, heldSecret } from '~/lib/held-secret';
import { paths } from '~/lib/paths';
import { useLoaded } from '~/lib/use-loaded';
import { Notice } from '~/ui/feedback/feedback';
import { Page as Frame } from '~/ui/page/page';
import { AddressStep, DoneStep, EnginesStep, UserStep } from '../parts/setup-steps';
import type { LoadContext } from '../split';

export async function load({ queryClient }: LoadContext): Promise<void> {
  const { instance, administrator } = await queryClient.fetchQuery(adminSessionQuery);
  if (!instance.setup_required && !administrator) throw redirect({ to: paths.admin.login(), replace: true });
}

export function Page() {
  const t = useT();
  const queryClient = useQueryClient();
  const { instance, administrator } = useLoaded(adminSessionQuery);
  const [token] = useState(heldSecret);
  const [step, setStep] = useState<SetupStep>(administrator ? 'address' : 'administrator');
  const next = (): void => setStep(SETUP_STEPS[SETUP_STEPS.indexOf(step) + 1] ?? 'done');
  const begun = async (): Promise<void> => {
    dropSecret();
    await queryClient.invalidateQueries({ queryKey: sessionKey });
    await queryClient.refetchQueries({ queryKey: adminSessionKey });
    next();
  };
  return (
    <Frame title={t('admin:setup.title')} lead={t('admin:setup.lead')} width="narrow">
      <StepList current={step} />
      {step === 'administrator' &&
        (token === null ? (
          <Notice tone="warn">{t('admin:setup.no_link')}</Notice>
        ) : (
          <AdministratorStep token={token} min={instance.password_min} onDone={() => void begun()} />
        ))}
      {step === 'address' && <AddressStep email={administrator?.email ?? ''} onNext={next} />}
      {step === 'engines' && <EnginesStep onNext={next} />}
      {step === 'user' && <UserStep passwordMin={instance.password_min} onNext={next} />}
      {step === 'done' && <DoneStep />}
    </Frame>
  );
}
