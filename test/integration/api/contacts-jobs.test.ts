import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ContactJob, NotFoundError, type SmsClient, ValidationError } from '../../../src/index.ts';
import { START } from '../../support/emulator.ts';
import { readAll } from '../../support/read-all.ts';
import { errorOf, startClient } from '../../support/sms-client.ts';

const CSV =
  'msisdn,firstName,Shoe size\r\n6591234567,"Mei ""M"", Tan",38\r\n\r\n+6591234568,,\r\n123,Nobody,1\r\n';

/** Asks until the job has ended. */
async function finish(sms: SmsClient, job: ContactJob): Promise<string[]> {
  const states: string[] = [job.status];
  while (['queued', 'inProgress'].includes(states.at(-1) ?? '')) {
    states.push((await sms.contactJobs.get(job.id)).status);
  }
  return states;
}

afterEach(() => vi.unstubAllGlobals());

describe('contactJobs.createContacts', () => {
  it('uploads a file whose contacts are there when the job has ended', async () => {
    const { sms, calls } = startClient();
    const group = await sms.groups.create({ name: 'VIP' });
    const known = await sms.contacts.create({ addresses: { msisdn: '6591234568' } });
    const job = await sms.contactJobs.createContacts({ file: CSV, groups: [group.id] });
    expect(job).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'createContacts',
      status: 'queued',
      createdAt: new Date(START).toISOString(),
      fileName: 'contacts.csv',
      fileType: 'csv',
      fileLocation: expect.stringContaining('https://contacts.8x8.com/'),
    });
    expect(calls().at(-1)).toBe('POST /contacts/batches/createContacts');
    expect(await readAll(sms.contacts.list())).toHaveLength(1);
    expect(await finish(sms, job)).toEqual(['queued', 'inProgress', 'completed']);
    expect(await readAll(sms.contacts.list({ groupId: group.id }))).toMatchObject([
      { id: known.id, addresses: { msisdn: '6591234568' } },
      {
        firstName: 'Mei "M", Tan',
        addresses: { msisdn: '6591234567' },
        customAttributes: { 'Shoe size': '38' },
      },
    ]);
  });

  it('shows what became of the rows', async () => {
    const rows = {
      totalRows: 3,
      errorRows: 1,
      duplicatedRows: 1,
      insertedRows: 1,
      invalidFileLocation: 'https://files.example/invalid.csv',
    };
    const job = { id: 'a', status: 'completed', type: 'createContacts' };
    const { sms } = startClient({}, { fetch: async () => Response.json({ ...job, ...rows }) });
    expect(await sms.contactJobs.get('a')).toEqual({ ...job, ...rows });
  });

  it.each([
    [[{ id: 8199, name: 'VIP', contacts: 3 }], [{ id: 8199, name: 'VIP' }]],
    [
      [8199, 'VIP'],
      [{ id: 8199 }, { name: 'VIP' }],
    ],
    [null, undefined],
    ['VIP', undefined],
  ])('reads the groups of a job in any form: %j', async (contactGroups, read) => {
    const { sms } = startClient(
      {},
      { fetch: async () => Response.json({ id: 'a', status: 'queued', contactGroups }) },
    );
    expect((await sms.contactJobs.get('a')).contactGroups).toEqual(read);
  });

  it.each([
    ['a string', 'msisdn\n6591234567', undefined, 'contacts.csv'],
    ['bytes', new TextEncoder().encode('msisdn\n6591234567'), 'people.csv', 'people.csv'],
    ['a Blob', new Blob(['msisdn\n6591234567']), 'people.csv', 'people.csv'],
    ['a File', new File(['msisdn\n6591234567'], 'own.csv'), undefined, 'own.csv'],
    ['a File under another name', new File(['msisdn\n6591234567'], 'own.csv'), 'other.csv', 'other.csv'],
  ])('takes %s', async (_, file, fileName, shownAs) => {
    const { sms } = startClient();
    const job = await sms.contactJobs.createContacts({ file, fileName });
    expect(job.fileName).toBe(shownAs);
    expect(await finish(sms, job)).toContain('completed');
    expect(await readAll(sms.contacts.list())).toMatchObject([{ addresses: { msisdn: '6591234567' } }]);
  });

  it('says what the columns are when the file does not', async () => {
    const { sms } = startClient();
    const job = await sms.contactJobs.createContacts({
      file: '\ufeff6591234567,Mei\n',
      fileHasHeader: false,
      fileColumns: ['msisdn', 'firstName'],
    });
    await finish(sms, job);
    expect(await readAll(sms.contacts.list())).toMatchObject([{ firstName: 'Mei' }]);
  });

  it('sends bytes of any kind as they are', async () => {
    const sent: FormData[] = [];
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    const { sms } = startClient(
      {},
      {
        fetch: async (url, init) => {
          sent.push(await new Request(url, init).formData());
          return Response.json(
            { id: 'job', status: 'resting', type: 'painting', fileType: 'ods' },
            { status: 202 },
          );
        },
      },
    );
    const job = await sms.contactJobs.createContacts({
      file: bytes,
      fileName: 'Kontakte ü.xlsx',
      groups: [11566, 88996],
      fileHasHeader: false,
      fileColumns: ['msisdn', 'first name'],
    });
    expect(job).toEqual({ id: 'job', status: 'resting', type: 'painting', fileType: 'ods' });
    const form = sent[0] as FormData;
    const file = form.get('file') as File;
    expect(file.name).toBe('Kontakte ü.xlsx');
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes);
    expect([...form.keys()]).toEqual(['file', 'groups', 'fileHasHeader', 'fileColumns']);
    expect(form.get('groups')).toBe('11566,88996');
    expect(form.get('fileHasHeader')).toBe('false');
    expect(form.get('fileColumns')).toBe('msisdn,first name');
  });

  it('is sent once: an unknown outcome says where to look, and on Deno the body can be read only once', async () => {
    const { sms, emulator } = startClient({}, { retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 } });
    emulator.failNext('lost-response');
    const error = await errorOf(sms.contactJobs.createContacts({ file: CSV }));
    expect(error).toMatchObject({
      submission: 'unknown',
      message: expect.stringContaining('contactJobs.list'),
    });
    expect(emulator.requests).toHaveLength(1);
    expect(await readAll(sms.contactJobs.list())).toMatchObject([
      { fileName: 'contacts.csv', status: 'queued' },
    ]);

    const bodies: unknown[] = [];
    const onDeno = startClient(
      {},
      {
        fetch: async (url, init) => {
          bodies.push(init?.body);
          return emulator.fetch(url, init);
        },
      },
    );
    vi.stubGlobal('Deno', {});
    await onDeno.sms.contactJobs.createContacts({ file: CSV });
    expect(bodies[0]).toBeInstanceOf(ReadableStream);
    expect(await readAll(onDeno.sms.contactJobs.list())).toHaveLength(2);
  });

  it.each([
    [undefined, 'upload'],
    [{}, 'upload.file'],
    [{ file: 7 }, 'upload.file'],
    [{ file: '' }, 'upload.file'],
    [{ file: new Blob([new Uint8Array(30 * 1024 * 1024 + 1)]) }, 'upload.file'],
    [{ file: CSV, fileName: '../contacts.csv' }, 'upload.fileName'],
    [{ file: CSV, fileName: 'a"b.csv' }, 'upload.fileName'],
    [{ file: CSV, groups: Array.from({ length: 11 }, (_, at) => at) }, 'upload.groups'],
    [{ file: CSV, groups: ['1'] }, 'upload.groups[0]'],
    [{ file: CSV, fileHasHeader: 'no' }, 'upload.fileHasHeader'],
    [{ file: CSV, fileHasHeader: false }, 'upload'],
    [{ file: CSV, fileColumns: ['a,b'] }, 'upload.fileColumns[0]'],
    [{ file: CSV, columns: ['msisdn'] }, 'upload.columns'],
  ])('refuses %o', async (upload, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.contactJobs.createContacts(upload as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path, message: expect.stringContaining('Nothing was sent.') });
    expect(emulator.requests).toEqual([]);
  });

  it('says that a file cannot be read, and not why', async () => {
    const { sms, emulator } = startClient();
    vi.stubGlobal(
      'Response',
      class extends Response {
        override arrayBuffer(): Promise<ArrayBuffer> {
          return Promise.reject(new Error('/home/mei/secret.csv'));
        }
      },
    );
    const error = await errorOf(sms.contactJobs.createContacts({ file: new Blob(['x']) }));
    expect(error).toMatchObject({ path: 'upload.file', message: expect.not.stringContaining('mei') });
    expect(emulator.requests).toEqual([]);
  });

  it('stops while a file is read that never ends', async () => {
    const { sms, emulator } = startClient();
    vi.stubGlobal(
      'Response',
      class extends Response {
        override arrayBuffer(): Promise<ArrayBuffer> {
          return new Promise(() => {});
        }
      },
    );
    const controller = new AbortController();
    const call = sms.contactJobs.createContacts({ file: CSV }, { signal: controller.signal });
    controller.abort();
    expect(await errorOf(call)).toMatchObject({ code: 'aborted', submission: 'not-submitted' });
    expect(emulator.requests).toEqual([]);
  });
});

describe('contactJobs', () => {
  async function start() {
    const client = startClient();
    const { groups, contacts } = client.sms;
    const one = await groups.create({ name: 'one' });
    const two = await groups.create({ name: 'two' });
    const mei = await contacts.create({ addresses: { msisdn: '6591234567' }, groups: [{ id: one.id }] });
    const joe = await contacts.create({ addresses: { msisdn: '6591234568' } });
    const membersOf = async (groupId: number) =>
      (await readAll(contacts.list({ groupId }))).map(({ id }) => id);
    return { ...client, one, two, mei, joe, membersOf };
  }

  it('copies and moves the contacts of a group', async () => {
    const { sms, one, two, mei, membersOf } = await start();
    await finish(sms, await sms.contactJobs.copyContacts({ from: one.id, to: two.id }));
    expect([await membersOf(one.id), await membersOf(two.id)]).toEqual([[mei.id], [mei.id]]);
    await sms.groups.removeContacts(two.id, [mei.id]);
    await finish(sms, await sms.contactJobs.moveContacts({ from: one.id, to: two.id }));
    expect([await membersOf(one.id), await membersOf(two.id)]).toEqual([[], [mei.id]]);
    const nowhere = await sms.contactJobs.moveContacts({ from: one.id, to: 1 });
    expect(await finish(sms, nowhere)).toEqual(['queued', 'inProgress', 'failed']);
  });

  it('deletes contacts by id, by number, or all', async () => {
    const { sms, mei, lastBody } = await start();
    const third = await sms.contacts.create({ addresses: {} });
    const some = await sms.contactJobs.deleteContacts({
      ids: [mei.id],
      msisdns: ['+6591234568', '6599999999'],
    });
    expect(lastBody()).toEqual({ ids: [mei.id], msisdns: ['+6591234568', '6599999999'] });
    expect(await finish(sms, some)).toContain('completed');
    expect(await readAll(sms.contacts.list())).toMatchObject([{ id: third.id }]);
    const all = await sms.contactJobs.deleteContacts({ all: true });
    expect(lastBody()).toEqual({ all: true });
    await finish(sms, all);
    expect(await readAll(sms.contacts.list())).toEqual([]);
  });

  it('deletes groups, and their contacts when told to', async () => {
    const { sms, one, two, joe } = await start();
    const keep = await sms.contactJobs.deleteGroups({ ids: [two.id], deleteContacts: false });
    expect(await finish(sms, keep)).toContain('completed');
    expect(await readAll(sms.contacts.list())).toHaveLength(2);
    await finish(sms, await sms.contactJobs.deleteGroups({ ids: [one.id], deleteContacts: true }));
    expect((await readAll(sms.contacts.list())).map(({ id }) => id)).toEqual([joe.id]);
    expect(await readAll(sms.groups.list())).toEqual([]);
    const gone = await sms.contactJobs.deleteGroups({ ids: [one.id], deleteContacts: true });
    expect(await finish(sms, gone)).toContain('failed');
  });

  it('lists jobs of a kind, page by page; no jobs are an empty list', async () => {
    const { sms, one, two } = await start();
    expect(await readAll(sms.contactJobs.list())).toEqual([]);
    const { contactJobs } = sms;
    const copied = await contactJobs.copyContacts({ from: one.id, to: two.id });
    const created = await contactJobs.createContacts({
      file: 'email\nmei@team.example\n',
      fileName: 'people.csv',
    });
    expect(await readAll(contactJobs.list({ limit: 1 }))).toEqual([copied, created]);
    expect(await readAll(contactJobs.list({ type: 'copyContacts' }))).toEqual([copied]);
    expect(await contactJobs.get(created.id)).toEqual({
      id: created.id,
      type: 'createContacts',
      status: 'inProgress',
      createdAt: created.createdAt,
    });
  });

  it.each(['people.xls', 'people.csv'])('ends failed when nothing in %s could be used', async (fileName) => {
    const { sms } = startClient();
    const job = await sms.contactJobs.createContacts({ file: 'name\nMei\n', fileName });
    expect(await finish(sms, job)).toEqual(['queued', 'inProgress', 'failed']);
  });

  it('does not find a job that is not there', async () => {
    const { sms } = startClient();
    const error = await errorOf(sms.contactJobs.get('00000000-0000-4000-8000-000000000000'));
    expect(error).toBeInstanceOf(NotFoundError);
  });

  it('is not started twice', async () => {
    const { sms, emulator } = startClient({}, { retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 } });
    const { contactJobs } = sms;
    const starts = [
      () => contactJobs.deleteContacts({ all: true }),
      () => contactJobs.copyContacts({ from: 1, to: 2 }),
      () => contactJobs.moveContacts({ from: 1, to: 2 }),
      () => contactJobs.deleteGroups({ ids: [1], deleteContacts: true }),
    ];
    for (const [index, start] of starts.entries()) {
      emulator.failNext('lost-response');
      expect(await errorOf(start())).toMatchObject({ submission: 'unknown' });
      expect(emulator.requests).toHaveLength(index + 1);
    }
  });

  it.each([
    [(jobs) => jobs.deleteContacts({}), 'selection'],
    [(jobs) => jobs.deleteContacts({ all: false } as never), 'selection.all'],
    [(jobs) => jobs.deleteContacts({ all: true, ids: [1] }), 'selection'],
    [(jobs) => jobs.deleteContacts({ ids: [] }), 'selection.ids'],
    [(jobs) => jobs.deleteContacts({ msisdns: ['9123 4567'] }), 'selection.msisdns[0]'],
    [(jobs) => jobs.copyContacts({ from: 1 } as never), 'transfer.to'],
    [(jobs) => jobs.moveContacts({ from: 1, to: 1 }), 'transfer'],
    [(jobs) => jobs.deleteGroups({ ids: [1] } as never), 'selection.deleteContacts'],
    [(jobs) => jobs.deleteGroups({ ids: [], deleteContacts: true }), 'selection.ids'],
    [(jobs) => jobs.get('..'), 'batchId'],
    [(jobs) => jobs.get(''), 'batchId'],
    [(jobs) => jobs.list({ type: 'copy' } as never).next(), 'query.type'],
  ] satisfies [(jobs: SmsClient['contactJobs']) => Promise<unknown>, string][])(
    'refuses what does not fit: %o',
    async (call, path) => {
      const { sms, emulator } = startClient();
      const error = await errorOf(call(sms.contactJobs));
      expect(error).toMatchObject({ code: 'validation', path, submission: 'not-submitted' });
      expect(emulator.requests).toEqual([]);
    },
  );

  it.each([{ status: 'queued' }, { id: 1, status: 'queued' }, { id: 'x' }])(
    'does not know the outcome when 8x8 answers %o to a start',
    async (body) => {
      const { sms, emulator } = startClient();
      emulator.failNext({ status: 202, body: JSON.stringify(body) });
      expect(await errorOf(sms.contactJobs.deleteContacts({ all: true }))).toMatchObject({
        code: 'api',
        submission: 'unknown',
      });
    },
  );
});
