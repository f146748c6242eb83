import type { Engine } from '../../../../test/harness/engines/index.ts';
import { openProxy } from '../../../../test/harness/proxy.ts';
import type { StartPlace } from './place.ts';

/** Databases on a server of our own, each with a line to it that can be disturbed, and the server that can be restarted. */
export const onEngine =
  (engine: () => Engine): StartPlace =>
  async () => {
    const server = engine();
    const place = await server.place();
    const line = await openProxy(place.url);
    return {
      url: place.url,
      dataDir: '',
      faults: {
        lineUrl: line.url,
        cut: () => line.reset(),
        refuse: () => line.drop(),
        mend: () => line.pass(),
        async restart() {
          await server.kill();
          await server.restart();
        },
      },
      async stop() {
        await line.stop();
        await place.stop();
      },
    };
  };
