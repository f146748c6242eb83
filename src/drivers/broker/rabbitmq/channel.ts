import type { ChannelModel, ConfirmChannel } from 'amqplib';

/**
 * Opens a channel and sets it up. The server answers what it refuses by closing the channel with a reason; that is what
 * is thrown, and not that the channel is closed.
 */
export async function openChannel(
  model: ChannelModel,
  setUp: (channel: ConfirmChannel) => Promise<void>,
): Promise<ConfirmChannel> {
  const channel = await model.createConfirmChannel();
  let reason: Error | undefined;
  channel.on('error', (error) => {
    reason = error;
  });
  try {
    await setUp(channel);
  } catch (error) {
    throw reason ?? error;
  }
  return channel;
}
