import { expect, it } from 'vitest';
import { readCampaign } from '../../../src/cli/campaign/read-campaign.ts';

it('reads a file of carriage returns alone row by row, however long it is', async () => {
  const rows = new TextEncoder().encode('+6591230001,Hello\r'.repeat(5_000));
  let chunks = 0;
  async function* file() {
    yield new TextEncoder().encode('Phone,text\r');
    for (; chunks < 100; chunks += 1) yield rows;
  }
  const messages = readCampaign(file(), { numberColumn: 'Phone', text: undefined });
  const { value } = await messages.next();
  expect(value).toMatchObject({ destination: '+6591230001', text: 'Hello' });
  expect(chunks).toBeLessThan(10);
  await messages.return(undefined);
});
