import { afterEach, beforeEach, describe } from 'vitest';
import { type Law, lawsExcept, type Skip } from '../laws.ts';
import { deliveryLaws } from './conformance/delivery.ts';
import { outageLaws } from './conformance/outages.ts';
import { Place, type StartBroker } from './conformance/place.ts';
import { redeliveryLaws } from './conformance/redelivery.ts';
import { stoppingLaws } from './conformance/stopping.ts';
import { volumeLaws } from './conformance/volume.ts';

interface BrokerUnderTest {
  readonly name: string;
  readonly start: StartBroker;
  readonly skip?: readonly Skip[];
}

/** What every broker driver must keep: see `Broker` in port.ts. */
export function brokerConformance({ name, start, skip }: BrokerUnderTest): void {
  describe(`${name} keeps the laws of the broker port`, () => {
    const law = lawsExcept(skip);
    const place = new Place(start);
    beforeEach(() => place.open());
    afterEach(() => place.close());
    for (const laws of [deliveryLaws, redeliveryLaws, stoppingLaws, volumeLaws, outageLaws]) laws(law, place);
  });
}

/** For a `skip` of all laws of one kind. */
export function namesOf(laws: (law: Law, place: Place) => void): string[] {
  const names: string[] = [];
  laws((name) => names.push(name), new Place(() => Promise.reject(new Error('No law is run here.'))));
  return names;
}
