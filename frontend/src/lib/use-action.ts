import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocale, useT } from '~/i18n/use-t';
import { notifyBad, notifyGood } from '~/ui/feedback/notify';
import { problemText } from './problem-text';

type Options<Input, Output> = {
  run: (input: Input) => Promise<Output>;
  /** Said in a toast when it worked. */
  done?: string;
  /** Queries that are no longer true afterwards. */
  stale?: QueryKey[];
  onDone?: (output: Output, input: Input) => void;
  /** "inline": the caller shows `error` itself; then there is no toast, so that an error appears once. */
  errors?: 'toast' | 'inline';
};

/** The one way to change something on the server. */
export function useAction<Input = void, Output = void>(options: Options<Input, Output>) {
  const queryClient = useQueryClient();
  const t = useT();
  const locale = useLocale();
  return useMutation<Output, Error, Input>({
    mutationFn: options.run,
    onSuccess: (output, input) => {
      for (const queryKey of options.stale ?? []) void queryClient.invalidateQueries({ queryKey });
      if (options.done) notifyGood(options.done);
      options.onDone?.(output, input);
    },
    onError: (error) => {
      if (options.errors !== 'inline') notifyBad(problemText(t, locale, error));
    },
  });
}
