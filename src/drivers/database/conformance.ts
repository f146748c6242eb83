import { afterEach, beforeEach, describe } from 'vitest';
import { lawsExcept, type Skip } from '../laws.ts';
import { barrierLaws } from './conformance/barriers.ts';
import { durabilityLaws } from './conformance/durability.ts';
import { migrationLaws } from './conformance/migrations.ts';
import { Place, type StartPlace } from './conformance/place.ts';
import { searchLaws } from './conformance/search.ts';
import { unitLaws } from './conformance/units.ts';
import { valueLaws } from './conformance/values.ts';

interface DatabaseUnderTest {
  readonly name: string;
  readonly start: StartPlace;
  readonly skip?: readonly Skip[];
}

/** What every database driver must keep: see `Database` in port.ts. */
export function databaseConformance({ name, start, skip }: DatabaseUnderTest): void {
  describe(`${name} keeps the laws of the database port`, () => {
    const law = lawsExcept(skip);
    const place = new Place(start);
    beforeEach(() => place.open());
    afterEach(() => place.close());
    for (const laws of [unitLaws, valueLaws, searchLaws, migrationLaws, barrierLaws, durabilityLaws]) laws(law, place);
  });
}
