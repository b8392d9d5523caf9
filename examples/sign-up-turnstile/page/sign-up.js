/**
 * The form. It loads nothing of Cloudflare's until the server answers that a captcha is needed.
 *
 * @typedef {{ siteKey: string, scriptUrl: string }} Settings
 * @typedef {{ step: string, message?: string, channel?: string, waitMs?: number }} Answer
 */
const byId = (id) => document.getElementById(id);
const numberForm = byId('number-form');
const codeForm = byId('code-form');
const number = byId('number');
const code = byId('code');
const send = byId('send');
const again = byId('again');
const captcha = byId('captcha');
const message = byId('message');

/** @type {Promise<Settings>} */
const settings = fetch('settings').then((response) => response.json());
/** The widget once it is shown, and the token that the visitor earned. */
let widget;
let token;
/** Whether a token was refused: the widget must not go on by itself then. */
let hasFailed = false;
let isBusy = false;

/** @returns {Promise<Answer>} */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    return { step: 'again', message: 'We cannot be reached. Check your connection and try again.' };
  }
}

function say(text = '') {
  message.textContent = text;
}

function loadTurnstile(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = url;
    script.onload = () => resolve(window.turnstile);
    script.onerror = () => reject(new Error('not loaded'));
    document.head.append(script);
  });
}

/** Shows the widget, or asks for a new token where one was not good enough. */
async function showCaptcha(text) {
  hasFailed = token !== undefined;
  token = undefined;
  send.disabled = true;
  numberForm.hidden = false;
  codeForm.hidden = true;
  captcha.hidden = false;
  say(text);
  captcha.focus();
  if (widget !== undefined) {
    window.turnstile.reset(widget);
    return;
  }
  try {
    const { siteKey, scriptUrl } = await settings;
    const turnstile = await loadTurnstile(scriptUrl);
    widget = turnstile.render('#widget', {
      sitekey: siteKey,
      action: 'sign-up',
      // The usual widget is 300 pixels wide.
      size: captcha.clientWidth < 300 ? 'compact' : 'flexible',
      callback: (given) => {
        token = given;
        send.disabled = false;
        if (hasFailed) send.focus();
        else askForCode();
      },
      'expired-callback': () => showCaptcha('That took too long. Try once more.'),
      'error-callback': () => {
        say('The check could not be loaded. Reload the page and try again.');
        return true;
      },
    });
  } catch {
    say('The check could not be loaded. Reload the page and try again.');
  }
}

function hideCaptcha() {
  captcha.hidden = true;
  send.disabled = false;
  token = undefined;
  if (widget !== undefined) window.turnstile.remove(widget);
  widget = undefined;
}

/** The button "Send another code" sleeps until the next code is admitted. */
function waitForNext(waitMs) {
  again.disabled = waitMs > 0;
  const endMs = performance.now() + waitMs;
  const tick = () => {
    const left = Math.ceil((endMs - performance.now()) / 1_000);
    again.disabled = left > 0;
    again.textContent = left > 0 ? `Send another code (${left}\u00a0s)` : 'Send another code';
    if (left > 0) setTimeout(tick, 500);
  };
  tick();
}

async function askForCode() {
  if (isBusy) return;
  isBusy = true;
  say();
  const answer = await post('codes', { number: number.value, token });
  isBusy = false;
  if (answer.step === 'captcha') return showCaptcha(token && 'That did not work. Try once more.');
  // A token is good for one try.
  hideCaptcha();
  if (answer.step !== 'code') return say(answer.message);
  numberForm.hidden = true;
  codeForm.hidden = false;
  byId('sent-to').textContent =
    answer.channel === 'sms'
      ? `We sent an SMS to ${number.value}.`
      : `Look at ${answer.channel}: your code is there.`;
  code.value = '';
  code.focus();
  waitForNext(answer.waitMs);
}

numberForm.addEventListener('submit', (event) => {
  event.preventDefault();
  askForCode();
});
again.addEventListener('click', askForCode);
byId('change').addEventListener('click', () => {
  codeForm.hidden = true;
  numberForm.hidden = false;
  say();
  number.focus();
});
codeForm.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (isBusy) return;
  isBusy = true;
  say();
  const answer = await post('accounts', { code: code.value });
  isBusy = false;
  if (answer.step !== 'done') {
    say(answer.message);
    code.focus();
    return;
  }
  codeForm.hidden = true;
  byId('done').hidden = false;
  byId('done').focus();
});
