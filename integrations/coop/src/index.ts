/**
 * Signals for Coop, from the verdicts of a constitution-judge server.
 *
 * A verdict has three words, and a signal has a yes or a no. What needs a person, and what there is no verdict on, is
 * never a no of `CONSTITUTION_JUDGE_NOT_CLEARED`, and is neither a yes nor a no of `CONSTITUTION_JUDGE_VIOLATION`.
 */

import type {
  CoopIntegrationPlugin,
  IntegrationManifest,
  ModelCard,
  PluginSignalContext,
  PluginSignalDescriptor,
} from '@roostorg/coop-types';

import { NoVerdict, record, verdictOf, type JudgedImage, type Server, type VerdictWord } from './client.js';

const OUTPUT = { scalarType: 'BOOLEAN' } as const;

type Kind = Readonly<{
  type: string;
  displayName: string;
  description: string;
  /** What the signal says of a verdict. null: neither yes nor no. */
  score: (verdict: VerdictWord) => boolean | null;
  /** What it says where there is no verdict. */
  without: boolean | null;
}>;

const KINDS: readonly Kind[] = [
  {
    type: 'CONSTITUTION_JUDGE_NOT_CLEARED',
    displayName: 'Constitution judge: not cleared',
    description:
      'True unless the judge decided that no rule is violated: a violation, what needs a person, and what could not ' +
      'be judged. Route these to review.',
    score: (verdict) => verdict !== 'no_violation',
    without: true,
  },
  {
    type: 'CONSTITUTION_JUDGE_VIOLATION',
    displayName: 'Constitution judge: violation',
    description:
      'True where a rule is violated, false where none is. What needs a person is an error of the signal, so that ' +
      'neither a condition nor its opposite holds.',
    score: (verdict) => (verdict === 'needs_review' ? null : verdict === 'violation'),
    without: null,
  },
  {
    type: 'CONSTITUTION_JUDGE_NEEDS_REVIEW',
    displayName: 'Constitution judge: needs review',
    description: 'True where the judge left the image to a person, or could not judge it.',
    score: (verdict) => verdict === 'needs_review',
    without: true,
  },
];

function section(id: string, title: string, label: string, value: string) {
  return { id, title, fields: [{ label, value }] };
}

const modelCard: ModelCard = {
  modelName: 'constitution-judge',
  version: '0.1.0',
  sections: [
    section(
      'trainingData',
      'Training data',
      'Overview',
      'None of its own: a multimodal model of your choice answers questions about the image, and is not trained for it.',
    ),
    section(
      'policyAndTaxonomy',
      'Policy and taxonomy',
      'Policy',
      'Yours: rules in a file, each with preconditions and exceptions. The server says which it has.',
    ),
    section(
      'annotationMethodology',
      'Annotation methodology',
      'Method',
      'Every precondition of a rule is asked about; a rule is violated where all hold and no exception does. What is ' +
        'not decided goes to a person.',
    ),
    section(
      'performanceBenchmarks',
      'Performance benchmarks',
      'Measure it',
      'It depends on the model and on your rules: `judge eval` measures it on images like yours.',
    ),
    section(
      'biasAndLimitations',
      'Bias and limitations',
      'Limits',
      'As those of the model. The bundled one reads drawings only, and leaves everything else to a person.',
    ),
    section(
      'implementationGuidance',
      'Implementation guidance',
      'Signals',
      'Route by "not cleared"; act by "violation" only. See the description of each signal.',
    ),
    section('relevantLinks', 'Relevant links', 'Documentation', 'docs/integrations.md of constitution-judge'),
  ],
};

export const manifest: IntegrationManifest = {
  id: 'CONSTITUTION_JUDGE',
  name: 'Constitution judge',
  version: '0.1.0',
  description: 'Judges images under a policy of your own, with a reason for every decision.',
  requiresConfig: true,
  configurationFields: [
    {
      key: 'serverUrl',
      label: 'Address of the server',
      required: true,
      inputType: 'text',
      placeholder: 'https://judge.example.org',
      description: 'Where `judge serve` listens. It has to fetch images by their addresses.',
    },
    { key: 'apiKey', label: 'API key', required: false, inputType: 'password' },
    {
      key: 'constitution',
      label: 'Constitution',
      required: false,
      inputType: 'text',
      description: "Its name on the server; left out, the server's first.",
    },
  ],
  signalTypeIds: KINDS.map((kind) => kind.type),
  modelCard,
};

export function createSignals(
  context: PluginSignalContext,
): ReadonlyArray<Readonly<{ signalTypeId: string; signal: PluginSignalDescriptor }>> {
  return KINDS.map((kind) => ({ signalTypeId: kind.type, signal: signalOf(kind, context) }));
}

function signalOf(kind: Kind, context: PluginSignalContext): PluginSignalDescriptor {
  return {
    id: { type: kind.type },
    displayName: kind.displayName,
    description: kind.description,
    docsUrl: null,
    recommendedThresholds: null,
    supportedLanguages: 'ALL',
    pricingStructure: { type: 'FREE' },
    eligibleInputs: ['IMAGE'],
    outputType: OUTPUT,
    getCost: () => 100,
    run: async (input: unknown) => ({ outputType: OUTPUT, score: await scoreOf(kind, context, input) }),
    getDisabledInfo: async (orgId: string) =>
      serverOf(await context.getCredential(orgId)) === null
        ? { disabled: true, disabledMessage: 'Give the address of a constitution-judge server (http or https).' }
        : { disabled: false },
    needsMatchingValues: false,
    eligibleSubcategories: [],
    needsActionPenalties: false,
    integration: context.integrationId,
    allowedInAutomatedRules: true,
  };
}

async function scoreOf(kind: Kind, context: PluginSignalContext, input: unknown): Promise<boolean> {
  let word: VerdictWord;
  try {
    word = await wordOf(context, record(input));
  } catch (error) {
    if (kind.without === null || !(error instanceof NoVerdict)) throw error;
    return kind.without;
  }
  const score = kind.score(word);
  if (score === null) throw new NoVerdict('the image needs review: it is neither a violation nor none');
  return score;
}

async function wordOf(context: PluginSignalContext, input: Record<string, unknown>): Promise<VerdictWord> {
  const orgId = input['orgId'];
  if (typeof orgId !== 'string') throw new NoVerdict('Coop does not say for which organisation this is');
  let stored: Record<string, unknown>;
  try {
    stored = await context.getCredential(orgId);
  } catch (error) {
    throw new NoVerdict('the configuration cannot be read', { cause: error });
  }
  const server = serverOf(stored);
  if (server === null) throw new NoVerdict('no server is configured');
  const image = imageOf(input['value']);
  if (image === null) throw new NoVerdict('there is no image with an address');
  return (await verdictOf(server, image)).verdict;
}

function serverOf(stored: unknown): Server | null {
  const { serverUrl, apiKey, constitution } = record(stored);
  const url = typeof serverUrl === 'string' ? serverUrl.trim() : '';
  if (!isServer(url)) return null;
  return {
    url,
    ...(typeof apiKey === 'string' && apiKey ? { apiKey } : {}),
    ...(typeof constitution === 'string' && constitution.trim() ? { constitution: constitution.trim() } : {}),
  };
}

function isServer(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password, search, hash } = new URL(address);
  return ['http:', 'https:'].includes(protocol) && !(username || password || search || hash);
}

/** The image of a tagged scalar: `{type: 'IMAGE', value: {url}}`. */
function imageOf(value: unknown): JudgedImage | null {
  const tagged = record(value);
  const held = tagged['type'] === 'IMAGE' ? tagged['value'] : undefined;
  const url = typeof held === 'string' ? held : record(held)['url'];
  if (typeof url !== 'string') return null;
  if (/^https?:\/\//i.test(url)) return { url };
  return /^data:image\//i.test(url) ? { data: url } : null;
}

const plugin: CoopIntegrationPlugin = { manifest, createSignals };
export default plugin;
