/** Encodes lines as UTF-8 while they are read, so that a long file never exists as one string. */
export function streamLines(lines: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const LINES_PER_CHUNK = 200;
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      const chunk = lines.slice(next, next + LINES_PER_CHUNK);
      next += LINES_PER_CHUNK;
      if (chunk.length === 0) controller.close();
      else controller.enqueue(encoder.encode(chunk.join('')));
    },
  });
}
