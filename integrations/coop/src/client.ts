/** Asks a constitution-judge server for the verdict on one image. Knows nothing of Coop. */

export type VerdictWord = 'violation' | 'no_violation' | 'needs_review';

/** What of a verdict is used here: its word, and the ids of the rules that are violated. */
export type Verdict = Readonly<{ verdict: VerdictWord; violations: readonly string[]; reasons: readonly string[] }>;

/** An image, as the server takes it: its address (where the server fetches), or a data URI. */
export type JudgedImage = Readonly<{ url: string } | { data: string }>;

/** Where the server is. constitution: its name there; without one, the server's first. */
export type Server = Readonly<{ url: string; apiKey?: string; constitution?: string }>;

/** There is no verdict: the server is not reached, refuses, or answers with something else. */
export class NoVerdict extends Error {
  override name = 'NoVerdict';
}

const TRIES = 3;
const MOST_WAIT_SECONDS = 10;
const MOST_CHARACTERS = 1_000_000;
const WORDS: ReadonlySet<unknown> = new Set(['violation', 'no_violation', 'needs_review']);

/**
 * The verdict on an image. A server that says when to try again (429, 503 with `Retry-After`) is asked three times.
 *
 * @throws NoVerdict
 */
export async function verdictOf(server: Server, image: JudgedImage, seconds = 60): Promise<Verdict> {
  const until = AbortSignal.timeout(seconds * 1000);
  for (let tried = 1; ; tried += 1) {
    const response = await asked(server, image, until);
    const wait = waitOf(response);
    const text = await read(response);
    if (response.ok) return parsed(text);
    if (wait === null || tried === TRIES) throw new NoVerdict(`the judge answered ${response.status}: ${said(text)}`);
    await pause(wait, until);
  }
}

async function asked(server: Server, image: JudgedImage, signal: AbortSignal): Promise<Response> {
  const body = { image, detail: 'summary', ...(server.constitution ? { constitution: server.constitution } : {}) };
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
  if (server.apiKey) headers['authorization'] = `Bearer ${server.apiKey}`;
  try {
    return await fetch(`${server.url.replace(/\/+$/, '')}/v1/judge`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      redirect: 'error', // a key is for this server alone
      signal,
    });
  } catch (error) {
    throw new NoVerdict(`the judge is not reached: ${messageOf(error)}`);
  }
}

async function read(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true });
      if (text.length > MOST_CHARACTERS) throw new NoVerdict('the judge answers with more than a verdict');
    }
  } catch (error) {
    throw error instanceof NoVerdict ? error : new NoVerdict(`the judge's answer broke off: ${messageOf(error)}`);
  }
  return text;
}

function waitOf(response: Response): number | null {
  const after = response.headers.get('retry-after');
  const seconds = Number(after ?? NaN);
  if (![429, 503].includes(response.status) || !(seconds >= 0)) return null;
  return Math.min(seconds, MOST_WAIT_SECONDS);
}

async function pause(seconds: number, until: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    until.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function parsed(text: string): Verdict {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new NoVerdict('the judge does not answer in JSON');
  }
  const verdicts = record(found)['verdicts'];
  const only = Array.isArray(verdicts) && verdicts.length === 1 ? record(verdicts[0]) : {};
  if (!WORDS.has(only['verdict'])) throw new NoVerdict('the judge does not answer with one verdict');
  return {
    verdict: only['verdict'] as VerdictWord,
    violations: texts(only['violations']),
    reasons: texts(only['reasons']),
  };
}

/** What a problem (RFC 9457) says, or the beginning of whatever else it is. */
function said(text: string): string {
  try {
    const detail = record(JSON.parse(text))['detail'];
    if (typeof detail === 'string') return detail.slice(0, 300);
  } catch {
    // no JSON: shown as it is
  }
  return text.slice(0, 300);
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function messageOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
