import * as library from '8x8-sms-guard';
import * as testing from '8x8-sms-guard/testing';
import { exercise } from './exercise.EXTENSION';

exercise(library, testing, 'consumer').then(
  () => console.log('OK'),
  (error: unknown) => {
    console.error(error);
    throw error;
  },
);
