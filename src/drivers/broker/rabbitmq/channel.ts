import type { Channel } from 'amqplib';

/**
 * Opens a channel and sets it up. The server answers what it refuses by closing the channel with a reason; that is what
 * is thrown, and not that the channel is closed. Once it is set up, the reason goes to `onRefused`.
 */
export async function openChannel<C extends Channel>(
  opening: Promise<C>,
  setUp: (channel: C) => Promise<void>,
  onRefused: (reason: Error) => void = () => {},
): Promise<C> {
  const channel = await opening;
  let reason: Error | undefined;
  let isSetUp = false;
  channel.on('error', (error) => {
    reason = error;
    if (isSetUp) onRefused(error);
  });
  try {
    await setUp(channel);
  } catch (error) {
    throw reason ?? error;
  }
  isSetUp = true;
  return channel;
}
