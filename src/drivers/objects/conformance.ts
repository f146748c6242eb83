import { afterAll, beforeAll, describe } from 'vitest';
import { lawsExcept, type Skip } from '../laws.ts';
import { durabilityLaws } from './conformance/durability.ts';
import { keyLaws } from './conformance/keys.ts';
import { managingLaws } from './conformance/managing.ts';
import { multipartLaws } from './conformance/multipart.ts';
import { Place, type StartPlace } from './conformance/place.ts';
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
    for (const laws of [writingLaws, readingLaws, keyLaws, managingLaws, multipartLaws, signingLaws, durabilityLaws]) {
      laws(law, place);
    }
  });
}
