/** The only file that imports `@noble/hashes`: hashes that need no wait, unlike those of WebCrypto. */
export { hmac } from '@noble/hashes/hmac.js';
export { sha256 } from '@noble/hashes/sha2.js';
