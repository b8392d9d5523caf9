import { Option } from 'commander';
import type { Encoding, Purpose } from '../../index.ts';
import { type ClientArguments, withClientOptions } from '../client-options.ts';
import type { AddCommand } from '../command.ts';
import { withClient } from '../open-client.ts';
import { readText } from '../read-text.ts';
import { printHint, printRows } from '../rows.ts';

interface SendArguments extends ClientArguments {
  readonly purpose?: Purpose;
  readonly source?: string;
  readonly country?: string;
  readonly encoding?: Encoding;
  readonly clientMessageId?: string;
}

/** Purposes of messages, for options. */
export const purposeOption = () =>
  new Option('--purpose <purpose>', 'transactional (default), otp or marketing').choices([
    'transactional',
    'otp',
    'marketing',
  ]);

/** `send`: one message, through all guards. */
export const addSendCommand: AddCommand = (program, terminal) => {
  withClientOptions(
    program
      .command('send')
      .description('Send one SMS, through all guards.')
      .argument('<number>', 'phone number, such as +6591234567')
      .argument('[text]', 'text; - or nothing reads standard input, which no other user can see'),
  )
    .addOption(purposeOption())
    .option('--source <sender>', 'sender ID')
    .option('--country <code>', 'country of a national number, such as SG')
    .addOption(
      new Option('--encoding <name>', 'AUTO (default), GSM7 or UCS2').choices(['AUTO', 'GSM7', 'UCS2']),
    )
    .option('--client-message-id <id>', 'your ID of the message')
    .action(async (destination: string, words: string | undefined, given: SendArguments) => {
      const text = await readText(words, terminal);
      await withClient(given, terminal, async ({ sms }) => {
        const { purpose, source, country, encoding, clientMessageId } = given;
        const message = { destination, text, purpose, source, country, encoding, clientMessageId };
        const sent = await sms.messages.send(message, { signal: terminal.signal });
        if (given.json) return terminal.print(JSON.stringify(sent));
        terminal.print(terminal.paint('green', '8x8 accepted the message.'));
        printRows(
          [
            ['to', destination],
            ['umid', sent.umid],
            ['client message ID', sent.clientMessageId],
            ['parts', `${sent.parts}, ${sent.encoding}`],
          ],
          terminal,
        );
        printHint(`8x8-sms-guard status ${sent.umid}`, terminal);
      });
    });
};
