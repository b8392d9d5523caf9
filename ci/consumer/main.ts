import * as library from '8x8-sms-guard';
import * as testing from '8x8-sms-guard/testing';
import * as webhooks from '8x8-sms-guard/webhooks';
import { exercise, hearBack } from './exercise.EXTENSION';

exercise(library, testing, 'consumer')
  .then(() => hearBack(library, testing, webhooks))
  .then(
    () => console.log('OK'),
    (error: unknown) => {
      console.error(error);
      throw error;
    },
  );
