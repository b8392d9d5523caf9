/** One send through the proxy of the environment, as a program for Node: socket-matrix.mjs bundles it with the transport. */
import { outcomeOf, send, transportTo } from '../test/support/socket-scenarios.ts';

console.log(JSON.stringify(await outcomeOf('proxied', send(transportTo('https://sms.8x8.test'), 'proxied'))));
process.exit();
