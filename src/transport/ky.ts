/** A file of its own, because the build makes one file of each lazy import; a named export, because CommonJS gets it too. */
export { default as ky, type KyInstance } from 'ky';
