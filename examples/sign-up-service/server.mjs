import { createApp } from './app.mjs';
import { connect } from './client.mjs';

const { sms, close } = await connect({
  redisUrl: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  databaseUrl: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  limitsSecret: process.env.LIMITS_SECRET,
  codesSecret: process.env.CODES_SECRET,
});
const app = createApp({ sms, webhookAuthorization: process.env.WEBHOOK_AUTHORIZATION });
const server = app.listen(Number(process.env.PORT ?? 3000), () =>
  console.log('listening on', server.address().port),
);

process.once('SIGTERM', async () => {
  server.close();
  await close();
});
