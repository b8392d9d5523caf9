const library = require('8x8-sms-guard');
const testing = require('8x8-sms-guard/testing');
const postgres = require('8x8-sms-guard/postgres');
const redis = require('8x8-sms-guard/redis');
const webhooks = require('8x8-sms-guard/webhooks');
const { countAlone, exercise, hearBack, keepConsent } = require('./exercise.cjs');

test('the package works in Jest with CommonJS', async () => {
  await expect(exercise(library, testing, 'jest')).resolves.toBeUndefined();
  await expect(hearBack(library, testing, webhooks)).resolves.toBeUndefined();
  await expect(keepConsent(postgres)).resolves.toBeUndefined();
  await expect(countAlone(library, testing, redis)).resolves.toBeUndefined();
});
