import type { Engine } from '../../../../test/harness/engines/index.ts';
import { openProxy } from '../../../../test/harness/proxy.ts';
import type { StartBroker } from './place.ts';

/** Places on a server of our own, each with a line to it that can be disturbed, and the server that can be restarted. */
export const onEngine =
  (engine: () => Engine): StartBroker =>
  async () => {
    const server = engine();
    const place = await server.place();
    const proxy = await openProxy(place.url);
    const wrong = new URL(proxy.url);
    wrong.password = 'not-this-one';
    return {
      url: proxy.url,
      wrongCredentialsUrl: wrong.href,
      faults: {
        cut: () => proxy.reset(),
        refuse: () => proxy.drop(),
        freeze: () => proxy.freeze(),
        mend: () => proxy.pass(),
        async restart() {
          await server.kill();
          await server.restart();
        },
        async wipe() {
          await server.kill();
          await server.restart({ wipe: true });
        },
      },
      async stop() {
        await proxy.stop();
        await place.stop();
      },
    };
  };
