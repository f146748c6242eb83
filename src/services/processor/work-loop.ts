import { serviceContext } from '../../base/context.ts';
import { HoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { type Running, startLoop } from '../../base/lifecycle.ts';
import { logFailure } from '../../base/log-failure.ts';
import { Slots } from '../../base/slots.ts';
import { TOPICS } from '../../base/topics.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import type { StopOptions } from './deps.ts';
import { type WorkDeps, workOnFile } from './work-on-file.ts';

/** Milliseconds between two looks for work that no news came of. */
const POLL_EVERY = 2_000;
/** Milliseconds of the time to stop that are kept for handing work back; until then it may end. */
const HAND_BACK = 5_000;

/** Takes files with due jobs as the broker brings them, and looks for some by itself while it is not busy. */
export async function startWorkLoop(deps: WorkDeps & StopOptions & { readonly broker: Broker }): Promise<Running> {
  const { work, broker, settings, log, stopWithin } = deps;
  const slots = new Slots(settings.concurrency);
  const handBack = new AbortController();
  const polled = new Set<Promise<void>>();
  let stopping: Promise<void> | undefined;

  const take = (fileId: string) =>
    slots.use(async () => {
      if (stopping) throw new HoldfastError('cancelled', 'Processing is being stopped.');
      await workOnFile(deps, fileId, handBack.signal);
    });

  const consumer = await broker.consume(
    TOPICS.work,
    { group: 'processor', concurrency: settings.concurrency },
    async ({ fileId }) => {
      if (typeof fileId === 'string') await take(fileId);
    },
  );
  const poll = startLoop({
    every: POLL_EVERY,
    round: async (signal) => {
      if (slots.free === 0) return;
      const context = serviceContext('processor', log, newId(), signal);
      const { fileIds } = await work.listDueFiles({ limit: slots.free }, context);
      for (const fileId of fileIds) {
        const taken = take(fileId)
          .catch((error: unknown) => {
            if (!stopping) logFailure(log.child({ file_id: fileId }), error, 'a file could not be claimed');
          })
          .finally(() => polled.delete(taken));
        polled.add(taken);
      }
    },
    onError: (error) => logFailure(log, error, 'due files could not be listed; trying again'),
  });

  async function stop(): Promise<void> {
    const timer = setTimeout(
      () => handBack.abort(new HoldfastError('cancelled', 'Processing is being stopped.')),
      Math.max(0, stopWithin - HAND_BACK),
    );
    await Promise.all([poll.stop(), consumer.stop()]);
    await Promise.all(polled);
    clearTimeout(timer);
  }

  return {
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
