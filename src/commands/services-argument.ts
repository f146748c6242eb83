import { Argument } from 'commander';
import { ALL_SERVICES } from '../app/house.ts';

/** Names of services, none or several. */
export const servicesArgument = (about: string): Argument => new Argument('[services...]', about).choices(ALL_SERVICES);
