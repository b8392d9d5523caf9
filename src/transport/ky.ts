/** A file of its own, because the build makes one file of what is imported lazily; a named export, because CommonJS gets it too. */
export { default as ky } from 'ky';
