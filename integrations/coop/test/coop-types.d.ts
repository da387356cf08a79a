/**
 * As much of the contract of `@roostorg/coop-types` 2.4 as a plugin with signals touches, for where the package cannot be
 * installed. With it installed, `npm run build` checks against the real one.
 */
declare module '@roostorg/coop-types' {
  type Field = Readonly<{ label: string; value: string }>;
  export type ModelCard = Readonly<{
    modelName: string;
    version: string;
    releaseDate?: string;
    sections?: ReadonlyArray<
      Readonly<{
        id: string;
        title: string;
        subsections?: ReadonlyArray<Readonly<{ title: string; fields: readonly Field[] }>>;
        fields?: readonly Field[];
      }>
    >;
  }>;
  export type IntegrationManifest = Readonly<{
    id: string;
    name: string;
    version: string;
    description?: string;
    docsUrl?: string;
    requiresConfig: boolean;
    configurationFields?: ReadonlyArray<
      Readonly<{
        key: string;
        label: string;
        required: boolean;
        inputType: 'text' | 'password' | 'json' | 'array';
        placeholder?: string;
        description?: string;
      }>
    >;
    signalTypeIds?: readonly string[];
    modelCard?: ModelCard;
  }>;
  export type PluginSignalContext = Readonly<{
    integrationId: string;
    getCredential: (orgId: string) => Promise<Record<string, unknown>>;
  }>;
  export type PluginSignalDescriptor = Readonly<{
    id: Readonly<{ type: string }>;
    displayName: string;
    description: string;
    docsUrl: string | null;
    recommendedThresholds: Readonly<{
      highPrecisionThreshold: string | number;
      highRecallThreshold: string | number;
    }> | null;
    supportedLanguages: readonly string[] | 'ALL';
    pricingStructure: Readonly<{ type: 'FREE' | 'SUBSCRIPTION' }>;
    eligibleInputs: readonly string[];
    outputType: Readonly<{ scalarType: string }>;
    getCost: () => number;
    run: (input: unknown) => Promise<unknown>;
    getDisabledInfo: (
      orgId: string,
    ) => Promise<{ disabled: false; disabledMessage?: string } | { disabled: true; disabledMessage: string }>;
    needsMatchingValues: boolean;
    eligibleSubcategories: ReadonlyArray<{
      id: string;
      label: string;
      description?: string;
      childrenIds: readonly string[];
    }>;
    needsActionPenalties: boolean;
    integration: string;
    allowedInAutomatedRules: boolean;
  }>;
  export type CoopIntegrationPlugin = Readonly<{
    manifest: IntegrationManifest;
    configSchema?: unknown;
    createSignals?: (
      context: PluginSignalContext,
    ) => ReadonlyArray<Readonly<{ signalTypeId: string; signal: PluginSignalDescriptor }>>;
  }>;
}
