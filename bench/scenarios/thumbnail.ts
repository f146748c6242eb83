import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { Connection, head } from '../http.ts';
import { median } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { signUp, startHoldfast } from '../servers.ts';

const TARGET = 200;
const SAMPLES = 7;

/** 12 megapixels with structure and noise, so that it weighs what a camera's JPEG does. */
async function cameraLike(): Promise<Buffer> {
  const width = 4000;
  const height = 3000;
  const small = await sharp({
    create: {
      width: 500,
      height: 375,
      channels: 3,
      background: '#468',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
    .png()
    .toBuffer();
  return sharp(small)
    .resize(width, height, { kernel: 'cubic' })
    .withExif({ IFD0: { Orientation: '6' } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

export const thumbnail: Scenario = {
  name: 'thumbnail',
  about: 'from the 202 of a 12-megapixel JPEG to its thumbnail, on an idle server',
  async run(rounds) {
    const photo = await cameraLike();
    const server = await startHoldfast();
    try {
      const headers = await signUp(server.url);
      const connection = await Connection.open(server.url);
      const upload = head('POST', '/api/files?name=photo.jpg', {
        ...headers,
        'content-type': 'image/jpeg',
        'content-length': photo.length,
      });
      const once = async () => {
        const accepted = await connection.send(upload, photo, true);
        const started = performance.now();
        const { id } = JSON.parse(String(accepted.body)).files[0];
        const get = head('GET', `/api/files/${id}/content?variant=thumbnail`, headers);
        while ((await connection.send(get)).status !== 200) await sleep(2);
        const thumbnailAfter = performance.now() - started;
        const file = head('GET', `/api/files/${id}`, headers);
        for (;;) {
          const { processing } = JSON.parse(String((await connection.send(file, undefined, true)).body));
          if (processing.state === 'done') return { thumbnailAfter, allAfter: performance.now() - started };
          if (processing.state === 'failed') throw new Error('Processing failed.');
          await sleep(5);
        }
      };
      await once();
      const samples = [];
      for (let index = 0; index < rounds * SAMPLES; index++) samples.push(await once());
      connection.close();
      const latency = median(samples.map((sample) => sample.thumbnailAfter));
      return [
        {
          what: '202 to thumbnail ready, 12-megapixel JPEG',
          ours: `${Math.round(latency)} ms`,
          limit: '',
          ratio: '',
          target: `< ${TARGET} ms`,
          met: latency < TARGET,
          cost: `all four variants after ${Math.round(median(samples.map((sample) => sample.allAfter)))} ms; ${(photo.length / 1e6).toFixed(1)} MB`,
        },
      ];
    } finally {
      await server.stop();
    }
  },
};
