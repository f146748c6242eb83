import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { lawsExcept, type Skip } from '../laws.ts';
import { durabilityLaws } from './conformance/durability.ts';
import { keyLaws } from './conformance/keys.ts';
import { managingLaws } from './conformance/managing.ts';
import { multipartLaws } from './conformance/multipart.ts';
import { outageLaws } from './conformance/outages.ts';
import { type FragilePlace, Place, type StartPlace } from './conformance/place.ts';
import { racingLaws } from './conformance/racing.ts';
import { readingLaws } from './conformance/reading.ts';
import { signingLaws } from './conformance/signing.ts';
import { writingLaws } from './conformance/writing.ts';

interface StoreUnderTest {
  readonly name: string;
  readonly start: StartPlace;
  readonly skip?: readonly Skip[];
}

/** What every object store driver must keep: see `ObjectStore` in port.ts. */
export function objectsConformance({ name, start, skip }: StoreUnderTest): void {
  describe(`${name} keeps the laws of the object store port`, () => {
    const law = lawsExcept(skip);
    const place = new Place(start);
    beforeAll(() => place.open());
    afterAll(() => place.close());
    for (const laws of [
      writingLaws,
      readingLaws,
      keyLaws,
      racingLaws,
      managingLaws,
      multipartLaws,
      signingLaws,
      durabilityLaws,
    ]) {
      laws(law, place);
    }
  });
}

interface FragileStoreUnderTest {
  readonly name: string;
  readonly start: () => Promise<FragilePlace>;
  readonly skip?: readonly Skip[];
}

/** What a driver of a store behind a network must keep beside: when the line or the server fails. */
export function objectsOutageConformance({ name, start, skip }: FragileStoreUnderTest): void {
  describe(`${name} keeps the laws of outages`, () => {
    let fragile: FragilePlace | undefined;
    const place = new Place(async () => {
      fragile = await start();
      return fragile;
    });
    beforeAll(() => place.open());
    afterEach(() => fragile?.line.pass());
    afterAll(() => place.close());
    outageLaws(lawsExcept(skip), place, () => {
      if (!fragile) throw new Error('Not open.');
      return fragile;
    });
  });
}
