import { afterEach, beforeEach, describe } from 'vitest';
import { lawsExcept, type Skip } from '../laws.ts';
import { deliveryLaws } from './conformance/delivery.ts';
import { openingLaws } from './conformance/opening.ts';
import { outageLaws } from './conformance/outages.ts';
import { type AtPlace, type BrokerLaw, Place, type StartBroker } from './conformance/place.ts';
import { redeliveryLaws } from './conformance/redelivery.ts';
import { restartLaws } from './conformance/restarts.ts';
import { stoppingLaws } from './conformance/stopping.ts';
import { volumeLaws } from './conformance/volume.ts';

interface BrokerUnderTest {
  readonly name: string;
  readonly start: StartBroker;
  readonly skip?: readonly Skip[];
}

const SIDE_BY_SIDE = [redeliveryLaws, outageLaws, volumeLaws, deliveryLaws, stoppingLaws, openingLaws];

/** What every broker driver must keep: see `Broker` in port.ts. */
export function brokerConformance({ name, start, skip }: BrokerUnderTest): void {
  describe(`${name} keeps the laws of the broker port`, () => {
    const law = lawsExcept<AtPlace>(skip);
    beforeEach<AtPlace>((context) => {
      context.place = new Place(start);
      return context.place.open();
    });
    afterEach<AtPlace>(({ place }) => place.close());
    // Most of them wait: for a hold to run out, for a silence to be noticed.
    describe.concurrent('side by side', () => {
      for (const laws of SIDE_BY_SIDE) laws(law);
    });
    describe('alone on its server', () => restartLaws(law));
  });
}

/** For a `skip` of all laws of some kinds. */
export function namesOf(...kinds: readonly ((law: BrokerLaw) => void)[]): string[] {
  const names: string[] = [];
  for (const laws of kinds) laws((name) => names.push(name));
  return names;
}
