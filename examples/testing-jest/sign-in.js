const { randomInt } = require('node:crypto');

/** Signs people in by a code. The client is given, so that a test can give its own. */
function createSignIn(sms) {
  const pending = new Map();
  return {
    /** Throws a `LimitError` when the next code is not due yet. */
    async sendCode(destination) {
      const code = String(randomInt(100_000, 1_000_000));
      const text = `Your code is ${code}. It is good for 5 minutes.`;
      const { umid } = await sms.messages.send({ destination, text, purpose: 'otp', track: 'Outcome' });
      pending.set(destination, { code, umid });
    },
    /** True once, for the last code. A success lets the next code go at once. */
    async check(destination, code) {
      const sent = pending.get(destination);
      if (sent === undefined || sent.code !== code) return false;
      pending.delete(destination);
      await sms.messages.feedback(sent.umid, { outcome: 'success', destination });
      return true;
    },
  };
}

module.exports = { createSignIn };
