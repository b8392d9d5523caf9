/**
 * The socket scenarios as a program for Node, Bun and Deno: socket-matrix.mjs bundles it with the transport and runs
 * it with the ports of a fault server and of no server. Prints the results as JSON.
 */
import { runScenarios } from '../test/support/socket-scenarios.ts';

const [port, closedPort] = globalThis.process.argv.slice(2).map(Number);
console.log(JSON.stringify(await runScenarios(port, closedPort)));
