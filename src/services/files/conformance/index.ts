import { describe } from 'vitest';
import type { OpenFiles } from '../testing.ts';
import { anyRequestLaws } from './any-request.ts';
import { arrivalLaws } from './arrivals.ts';
import { backEndLaws } from './back-ends.ts';
import { confirmingLaws } from './confirming.ts';
import { eventLaws } from './events.ts';
import { jobLaws } from './jobs.ts';
import { keyedUrlsLaws } from './keyed-urls.ts';
import { leaseLaws } from './leases.ts';
import { maintenanceLaws } from './maintenance.ts';
import { planLaws } from './plans.ts';
import { quotaLaws } from './quotas.ts';
import { racingLaws } from './racing.ts';
import { uploadLaws } from './uploads.ts';

/** What the files service keeps on every database, however it is called. */
export function filesLaws(open: OpenFiles): void {
  describe('uploads', () => uploadLaws(open));
  describe('a confirm', () => confirmingLaws(open));
  describe('arrivals', () => arrivalLaws(open));
  describe('other back ends', () => backEndLaws(open));
  describe('uploads begun with a key', () => keyedUrlsLaws(open));
  describe('any request', () => anyRequestLaws(open));
  describe('jobs', () => jobLaws(open));
  describe('events', () => eventLaws(open));
  describe('leases', () => leaseLaws(open));
  describe('maintenance', () => maintenanceLaws(open));
  describe('quotas', () => quotaLaws(open));
  describe('races', () => racingLaws(open));
}

/** What it keeps on every database. */
export function filesOnDatabaseLaws(open: OpenFiles): void {
  filesLaws(open);
  describe('plans', () => planLaws(open));
}
