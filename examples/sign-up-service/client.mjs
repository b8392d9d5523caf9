// The client with its stores. Key, sub-account and region come from the environment, as everywhere.

import { presets, SmsClient } from '8x8-sms-guard';
import { postgresConsentLedger } from '8x8-sms-guard/postgres';
import { redisLimits } from '8x8-sms-guard/redis';
import { Redis } from 'ioredis';
import pg from 'pg';

export async function connect({ redisUrl, databaseUrl, limitsSecret, codesSecret }) {
  const redis = new Redis(redisUrl);
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const ledger = postgresConsentLedger({ pool });
  await ledger.migrate();
  const limits = redisLimits({ client: redis, secret: limitsSecret, onStoreError: 'refuse' });

  const sms = new SmsClient({
    limits,
    oneTimePasswords: { secret: codesSecret },
    guards: presets.otp({ countries: ['SG', 'MY'], budgetPerDay: 50, consent: { ledger } }),
  });

  async function close() {
    await sms.close();
    await limits.close();
    await redis.quit();
    await pool.end();
  }
  return { sms, close };
}
