/** The signals against a small server that answers as `judge serve` does: nothing that is not decided is ever cleared. */

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';

import plugin, { createSignals } from '../src/index.js';

type Answer = { status: number; body: unknown; headers?: Record<string, string> };
type Seen = { path: string; body: Record<string, unknown>; authorization: string | undefined };

const IMAGE = { type: 'IMAGE', value: { url: 'https://pictures.example.org/a.png' } };
const [NOT_CLEARED, VIOLATION, NEEDS_REVIEW] = (plugin.manifest.signalTypeIds ?? []) as [string, string, string];
let answers: Answer[] = [];
let seen: Seen[] = [];
let address = '';
let config: Record<string, unknown> = {};

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  let text = '';
  request.on('data', (part: Buffer) => (text += part));
  request.on('end', () => {
    seen.push({ path: request.url ?? '', body: JSON.parse(text), authorization: request.headers.authorization });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    response.writeHead(answer?.status ?? 500, { 'content-type': 'application/json', ...answer?.headers });
    response.end(typeof answer?.body === 'string' ? answer.body : JSON.stringify(answer?.body));
  });
});

before(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  answers = [verdict('no_violation')];
  config = { serverUrl: address };
});

function verdict(word: string, violations: string[] = []): Answer {
  const one = { image: 'image 1', verdict: word, violations, reasons: [], causes: [], failure: null, retryable: false };
  return { status: 200, body: { ids: ['a'], verdicts: [one] } };
}

async function score(type: string, value: unknown = IMAGE, orgId: unknown = 'org'): Promise<unknown> {
  const signals = createSignals({ integrationId: 'CONSTITUTION_JUDGE', getCredential: async () => config });
  const found = signals.find((one) => one.signalTypeId === type);
  assert.ok(found);
  const result = (await found.signal.run({ value, orgId: orgId as string })) as Record<string, unknown>;
  assert.deepEqual(result['outputType'], { scalarType: 'BOOLEAN' });
  return result['score'];
}

test('each signal says of a verdict what its description says', async () => {
  const expected: Array<[string, boolean, boolean | null, boolean]> = [
    ['violation', true, true, false],
    ['no_violation', false, false, false],
    ['needs_review', true, null, true],
  ];
  for (const [word, notCleared, violation, needsReview] of expected) {
    answers = [verdict(word, word === 'violation' ? ['no-red'] : [])];
    assert.equal(await score(NOT_CLEARED), notCleared, word);
    assert.equal(await score(NEEDS_REVIEW), needsReview, word);
    if (violation === null) await assert.rejects(score(VIOLATION), /needs review/);
    else assert.equal(await score(VIOLATION), violation, word);
  }
});

test('the server is asked by the address of the image, with the key and the constitution', async () => {
  config = { serverUrl: `${address}/behind/`, apiKey: 'k', constitution: 'house-rules' };
  await score(VIOLATION);
  assert.deepEqual(seen, [
    {
      path: '/behind/v1/judge',
      body: { image: { url: IMAGE.value.url }, detail: 'summary', constitution: 'house-rules' },
      authorization: 'Bearer k',
    },
  ]);
  config = { serverUrl: address };
  await score(VIOLATION, { type: 'IMAGE', value: { url: 'data:image/png;base64,AAAA' } });
  assert.deepEqual(seen[1]?.body, { image: { data: 'data:image/png;base64,AAAA' }, detail: 'summary' });
  assert.equal(seen[1]?.authorization, undefined);
});

const NO_VERDICTS: Record<string, Answer> = {
  refused: { status: 422, body: { detail: 'fetching is turned off', retryable: false } },
  'no key': { status: 401, body: { detail: 'a key is needed' } },
  broken: { status: 500, body: 'oops' },
  'no json': { status: 200, body: '<html>' },
  'another word': verdict('fine'),
  'no verdict': { status: 200, body: { ids: [], verdicts: [] } },
  'two verdicts': { status: 200, body: { verdicts: [{ verdict: 'no_violation' }, { verdict: 'no_violation' }] } },
  'null': { status: 200, body: 'null' },
  elsewhere: { status: 307, body: '', headers: { location: '/v1/judge' } },
  long: { status: 200, body: JSON.stringify({ verdicts: [{ verdict: 'no_violation' }], more: 'x'.repeat(2_000_000) }) },
};
for (const [name, answer] of Object.entries(NO_VERDICTS)) {
  test(`without a verdict nothing is cleared: ${name}`, async () => {
    answers = [answer];
    assert.equal(await score(NOT_CLEARED), true);
    assert.equal(await score(NEEDS_REVIEW), true);
    await assert.rejects(score(VIOLATION), { name: 'NoVerdict' });
  });
}

test('a problem is told in its own words', async () => {
  answers = [NO_VERDICTS['refused'] as Answer];
  await assert.rejects(score(VIOLATION), /422: fetching is turned off/);
});

test('a server that is not there clears nothing', async () => {
  config = { serverUrl: 'http://127.0.0.1:9' };
  assert.equal(await score(NOT_CLEARED), true);
  await assert.rejects(score(VIOLATION), /not reached/);
});

test('a server that is busy is asked again, three times at most', async () => {
  const busy: Answer = { status: 503, body: { detail: 'overloaded' }, headers: { 'retry-after': '0' } };
  answers = [busy, { ...busy, status: 429 }, verdict('no_violation')];
  assert.equal(await score(VIOLATION), false);
  assert.equal(seen.length, 3);
  answers = [busy];
  await assert.rejects(score(VIOLATION), /503: overloaded/);
  assert.equal(seen.length, 6);
  answers = [{ status: 503, body: { detail: 'for good' } }];
  await assert.rejects(score(VIOLATION), /for good/);
  assert.equal(seen.length, 7);
});

const NO_IMAGES: unknown[] = [
  {},
  null,
  'https://pictures.example.org/a.png',
  { type: 'STRING', value: 'https://pictures.example.org/a.png' },
  { type: 'IMAGE', value: {} },
  { type: 'IMAGE', value: { url: 'file:///etc/hostname' } },
  { type: 'IMAGE', value: { url: 'data:text/html;base64,AAAA' } },
];
test('what is no image with an address is not cleared, and the server is not asked', async () => {
  for (const value of NO_IMAGES) {
    assert.equal(await score(NOT_CLEARED, value), true);
    await assert.rejects(score(VIOLATION, value), /no image/);
  }
  assert.equal(await score(NOT_CLEARED, IMAGE, null), true);
  assert.deepEqual(seen, []);
});

test('a signal is off until a server is configured', async () => {
  for (const [stored, off] of [
    [{ serverUrl: address }, false],
    [{ serverUrl: 'https://judge.example.org/behind' }, false],
    [{}, true],
    [{ serverUrl: '' }, true],
    [{ serverUrl: 'ftp://x' }, true],
    [{ serverUrl: 'https://user:password@judge.example.org' }, true],
    [{ serverUrl: 'https://judge.example.org/?a=b' }, true],
    [{ serverUrl: 7 }, true],
  ] as Array<[Record<string, unknown>, boolean]>) {
    config = stored;
    for (const { signal } of createSignals({ integrationId: 'X', getCredential: async () => config })) {
      assert.equal((await signal.getDisabledInfo('org')).disabled, off, JSON.stringify(stored));
    }
    if (off) assert.equal(await score(NOT_CLEARED), true);
  }
});

test('a configuration that cannot be read clears nothing', async () => {
  const signals = createSignals({ integrationId: 'X', getCredential: () => Promise.reject(new Error('down')) });
  const run = async (place: number) => signals[place]?.signal.run({ value: IMAGE, orgId: 'org' });
  assert.deepEqual(await run(0), { outputType: { scalarType: 'BOOLEAN' }, score: true });
  await assert.rejects(run(1), /cannot be read/);
});

test('the manifest has what Coop asks of one', () => {
  const { manifest } = plugin;
  assert.match(manifest.id, /^[A-Z][A-Z0-9_]*$/);
  assert.deepEqual(
    manifest.modelCard?.sections?.map((section) => section.id),
    [
      'trainingData',
      'policyAndTaxonomy',
      'annotationMethodology',
      'performanceBenchmarks',
      'biasAndLimitations',
      'implementationGuidance',
      'relevantLinks',
    ],
  );
  const made = plugin.createSignals?.({ integrationId: 'X', getCredential: async () => ({}) }) ?? [];
  assert.deepEqual(
    made.map((one) => one.signalTypeId),
    manifest.signalTypeIds,
  );
  for (const { signalTypeId, signal } of made) {
    assert.deepEqual([signal.id.type, signal.integration], [signalTypeId, 'X']);
    assert.deepEqual(signal.eligibleInputs, ['IMAGE']);
  }
});
