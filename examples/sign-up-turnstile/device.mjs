import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

const NAME = 'device';
const A_YEAR_S = 365 * 24 * 60 * 60;

/**
 * The id of the visitor's browser, from a cookie that only this server can write. It is the `subject` of every message: a
 * browser that entered a code before is not held up by what strangers do with its number.
 */
export function deviceOf(request, response, { cookieSecret, isSecure }) {
  const sign = (id) => createHmac('sha256', cookieSecret).update(id).digest('base64url');
  const cookies = (request.headers.cookie ?? '').split(';').map((each) => each.trim());
  const value = cookies.find((each) => each.startsWith(`${NAME}=`))?.slice(NAME.length + 1) ?? '';
  const [id = '', signature = ''] = value.split('.');
  const [given, right] = [Buffer.from(signature), Buffer.from(sign(id))];
  if (given.length === right.length && timingSafeEqual(given, right)) return id;

  const created = randomUUID();
  const more = isSecure ? '; Secure' : '';
  response.setHeader(
    'set-cookie',
    `${NAME}=${created}.${sign(created)}; Path=/; Max-Age=${A_YEAR_S}; HttpOnly; SameSite=Lax${more}`,
  );
  return created;
}
