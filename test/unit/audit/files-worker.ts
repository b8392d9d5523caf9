import { auditLog } from '../../../src/audit/audit-log.ts';
import { AUDIT_SECRET, sentEvent } from '../../support/audit.ts';

/** Records events of a few people as fast as the disk takes them, until it is killed, or for the given number. */
const [file = '', count = 'Infinity'] = process.argv.slice(2);
const log = auditLog({ file, secret: AUDIT_SECRET });
for (let index = 1; index <= Number(count); index += 1) {
  log.record(sentEvent(index), {
    person: `+659123${String(index % 7).padStart(4, '0')}`,
    context: undefined,
  });
  if (index % 50 === 0) {
    await log.flush();
    process.stdout.write(`${index}\n`);
  }
}
await log.close();
process.stdout.write('closed\n');
