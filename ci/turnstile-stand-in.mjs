// Cloudflare Turnstile for checks: the script that draws a widget in a frame of its own, and siteverify, which takes a
// token once.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const script = (origin) => `
(() => {
  const widgets = new Map();
  addEventListener('message', ({ origin, data }) => {
    if (origin === '${origin}') widgets.get(data.id)?.options.callback(data.token);
  });
  const start = (id) => {
    const { frame, options } = widgets.get(id);
    frame.src = '${origin}/widget?' + new URLSearchParams({ id, action: options.action, hostname: location.hostname, sitekey: options.sitekey });
  };
  window.turnstile = {
    render(selector, options) {
      const id = 'widget-' + (widgets.size + 1);
      const [width, height] = options.size === 'compact' ? ['150', '140'] : ['100%', '65'];
      const frame = Object.assign(document.createElement('iframe'), { title: 'Captcha', width, height });
      frame.style.border = '0';
      widgets.set(id, { frame, options });
      start(id);
      document.querySelector(selector).append(frame);
      return id;
    },
    reset: start,
    remove: (id) => widgets.get(id).frame.remove(),
  };
})();`;

const widget = `<!doctype html><html lang="en"><title>Captcha</title>
<style>body { font: 1rem sans-serif; color: #1b1f24; background: #f4f6f8; margin: 1rem }</style>
<main><h1 hidden>Captcha</h1><label><input type="checkbox" id="person"> I am a person</label></main>
<script>
  const asked = new URLSearchParams(location.search);
  document.getElementById('person').addEventListener('change', async () => {
    const response = await fetch('/solve', { method: 'POST', body: JSON.stringify(Object.fromEntries(asked)) });
    parent.postMessage({ id: asked.get('id'), token: await response.text() }, '*');
  });
</script>`;

/** Starts it on a free port. `fault` is what siteverify answers next: a status of an outage. */
export async function startTurnstile({ siteKey, secret }) {
  const solved = new Map();
  /** Every request, as `METHOD path`, and every verdict. */
  const requests = [];
  const verdicts = [];
  const standIn = { requests, verdicts, fault: undefined };

  function judge(form) {
    if (form.get('secret') !== secret) return { success: false, 'error-codes': ['invalid-input-secret'] };
    const token = form.get('response');
    const puzzle = solved.get(token);
    if (puzzle === undefined) return { success: false, 'error-codes': ['invalid-input-response'] };
    if (puzzle.isUsed) return { success: false, 'error-codes': ['timeout-or-duplicate'] };
    puzzle.isUsed = true;
    const { hostname, action } = puzzle;
    return { success: true, 'error-codes': [], challenge_ts: new Date().toISOString(), hostname, action };
  }

  const server = createServer(async (request, response) => {
    const path = new URL(request.url, standIn.origin).pathname;
    requests.push(`${request.method} ${path}`);
    const body = await text(request);
    const answer = (type, content) => response.setHeader('content-type', type).end(content);
    if (path === '/turnstile/v0/api.js') answer('text/javascript', script(standIn.origin));
    else if (path === '/widget') answer('text/html', widget);
    else if (path === '/solve') {
      const puzzle = JSON.parse(body);
      const token = puzzle.sitekey === siteKey ? `solved.${randomUUID()}` : 'wrong-sitekey';
      if (puzzle.sitekey === siteKey) solved.set(token, { ...puzzle, isUsed: false });
      answer('text/plain', token);
    } else if (path === '/turnstile/v0/siteverify' && standIn.fault === undefined) {
      const verdict = judge(new URLSearchParams(body));
      verdicts.push(verdict);
      answer('application/json', JSON.stringify(verdict));
    } else {
      response.writeHead(standIn.fault ?? 404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(standIn, {
    origin: `http://127.0.0.1:${server.address().port}`,
    /** Spends a token somewhere else. */
    spend(token) {
      solved.get(token).isUsed = true;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}
