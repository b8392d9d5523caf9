import type { DetailsView, PhoneListView, SummaryView, ThreadView } from '../inbox/views.ts';

/** The sandbox's own API. */

async function get<View>(path: string): Promise<View | undefined> {
  const response = await fetch(`/_sandbox/${path}`);
  return response.ok ? ((await response.json()) as View) : undefined;
}

/** Sends a command. Throws with the text of the sandbox when it refuses. */
export async function post(path: string, body: object = {}): Promise<{ readonly status?: number | null }> {
  const response = await fetch(`/_sandbox/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

export const getSummary = () => get<SummaryView>('summary');
export const getDetails = (umid: string) => get<DetailsView>(`messages/${umid}`);

export function getPhones(search: string, refusedOnly: boolean, offset: number, limit: number) {
  const query = new URLSearchParams({ offset: `${offset}`, limit: `${limit}` });
  if (search !== '') query.set('search', search);
  if (refusedOnly) query.set('refused', '1');
  return get<PhoneListView>(`phones?${query}`);
}

export function getThread(key: string, limit: number, before?: number) {
  const query = new URLSearchParams({ limit: `${limit}` });
  if (before !== undefined) query.set('before', `${before}`);
  return get<ThreadView>(`phones/${encodeURIComponent(key)}?${query}`);
}

/** Sends a first message, as a client of 8x8 would. */
export async function sendTestMessage(): Promise<void> {
  await fetch('/api/v1/subaccounts/sandbox/messages', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sandbox_page' },
    body: JSON.stringify({
      destination: '+6591234567',
      source: 'SHOP',
      text: 'Your code is 481516. It is good for ten minutes. Reply STOP to opt out.',
    }),
  });
}
