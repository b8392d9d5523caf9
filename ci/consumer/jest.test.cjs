const library = require('8x8-sms-guard');
const testing = require('8x8-sms-guard/testing');
const { exercise } = require('./exercise.cjs');

test('the package works in Jest with CommonJS', async () => {
  await expect(exercise(library, testing, 'jest')).resolves.toBeUndefined();
});
