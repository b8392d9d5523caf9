import * as library from '8x8-sms-guard';
import * as audit from '8x8-sms-guard/audit';
import * as postgres from '8x8-sms-guard/postgres';
import * as redis from '8x8-sms-guard/redis';
import * as testing from '8x8-sms-guard/testing';
import * as webhooks from '8x8-sms-guard/webhooks';
import { countAlone, exercise, hearBack, keepConsent, keepRecords } from './exercise.EXTENSION';

exercise(library, testing, 'consumer')
  .then(() => hearBack(library, testing, webhooks))
  .then(() => keepConsent(postgres))
  .then(() => keepRecords(library, testing, audit))
  .then(() => countAlone(library, testing, redis))
  .then(
    () => console.log('OK'),
    (error: unknown) => {
      console.error(error);
      throw error;
    },
  );
