import type { NoticeView } from './inbox/views.ts';

/** Live updates of pages, as server-sent events. */
export interface Live {
  /** A stream for a page that was opened. */
  open(): ReadableStream<Uint8Array>;
  /** Tells the pages that a phone changed; without a key, that anything may have. */
  changed(key?: string): void;
  close(): void;
}

/** Changes within this time become one notice. */
const COLLECT_MS = 100;
/** With more phones the page reads everything that it shows. */
const MAX_PHONES = 200;
const PING_MS = 20_000;

export function createLive(): Live {
  const encoder = new TextEncoder();
  const pages = new Set<ReadableStreamDefaultController<Uint8Array>>();
  let phones = new Set<string>();
  let isEverything = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ping: ReturnType<typeof setInterval> | undefined;

  function send(text: string): void {
    const bytes = encoder.encode(text);
    for (const page of pages) page.enqueue(bytes);
  }

  function flush(): void {
    timer = undefined;
    const isMany = isEverything || phones.size > MAX_PHONES;
    const notice: NoticeView = isMany ? {} : { phones: [...phones] };
    phones = new Set();
    isEverything = false;
    send(`data: ${JSON.stringify(notice)}\n\n`);
  }

  function leave(page: ReadableStreamDefaultController<Uint8Array>): void {
    pages.delete(page);
    if (pages.size === 0) clearInterval(ping);
  }

  return {
    open() {
      let page: ReadableStreamDefaultController<Uint8Array> | undefined;
      return new ReadableStream({
        start(controller) {
          page = controller;
          if (pages.size === 0) ping = setInterval(() => send(': still here\n\n'), PING_MS);
          pages.add(controller);
          controller.enqueue(encoder.encode('retry: 1000\n\n'));
        },
        cancel() {
          if (page !== undefined) leave(page);
        },
      });
    },
    changed(key) {
      if (pages.size === 0) return;
      if (key === undefined) isEverything = true;
      else if (phones.size <= MAX_PHONES) phones.add(key);
      timer ??= setTimeout(flush, COLLECT_MS);
    },
    close() {
      clearTimeout(timer);
      for (const page of [...pages]) {
        leave(page);
        page.close();
      }
    },
  };
}
