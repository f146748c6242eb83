import { afterEach, beforeEach, describe } from 'vitest';
import { type Law, lawsExcept, type Skip } from '../laws.ts';
import { barrierLaws } from './conformance/barriers.ts';
import { durabilityLaws } from './conformance/durability.ts';
import { migrationLaws } from './conformance/migrations.ts';
import { outageLaws } from './conformance/outages.ts';
import { Place, type StartPlace } from './conformance/place.ts';
import { racingLaws } from './conformance/racing.ts';
import { schemaLaws } from './conformance/schema.ts';
import { searchLaws } from './conformance/search.ts';
import { unitLaws } from './conformance/units.ts';
import { valueLaws } from './conformance/values.ts';

interface DatabaseUnderTest {
  readonly name: string;
  readonly start: StartPlace;
  readonly skip?: readonly Skip[];
}

const ALL = [
  unitLaws,
  racingLaws,
  valueLaws,
  schemaLaws,
  searchLaws,
  migrationLaws,
  barrierLaws,
  durabilityLaws,
  outageLaws,
];

/** What every database driver must keep: see `Database` in port.ts. */
export function databaseConformance({ name, start, skip }: DatabaseUnderTest): void {
  describe(`${name} keeps the laws of the database port`, () => {
    const law = lawsExcept(skip);
    const place = new Place(start);
    beforeEach(() => place.open());
    afterEach(() => place.close());
    for (const laws of ALL) laws(law, place);
  });
}

/** For a `skip` of all laws of one kind. */
export function namesOf(laws: (law: Law, place: Place) => void): string[] {
  const names: string[] = [];
  laws((name) => names.push(name), new Place(() => Promise.reject(new Error('No law is run here.'))));
  return names;
}
