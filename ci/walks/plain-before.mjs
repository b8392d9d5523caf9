// 8x8's API with plain fetch, as many programs call it: any failure is tried again.
const HOST = process.env.EIGHTBYEIGHT_BASE_URL;
const KEY = process.env.EIGHTBYEIGHT_API_KEY;

async function sendSms(destination, text, attempts = 3) {
  const response = await fetch(`${HOST}/api/v1/subaccounts/shop/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ destination, text, source: 'TEAM' }),
  }).catch((error) => error);
  if (response instanceof Error || response.status >= 500) {
    if (attempts > 1) return sendSms(destination, text, attempts - 1);
    throw new Error('no answer');
  }
  const body = await response.json();
  if (!response.ok) throw new Error(body.message);
  if (body.status.code === 'REJECTED') throw new Error(body.status.description);
  return body.umid;
}

for (const person of ['6591234567', '6598765432', '6512']) {
  try {
    console.log(person, await sendSms(person, 'Your order is on its way.'));
  } catch (error) {
    console.log(person, 'was not sent:', error.message);
  }
}
