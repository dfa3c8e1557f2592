import type {Values} from '../../../src/lib/values/values.js'
import type {OpenTap} from '../../../src/lib/values/open-tap.js'
import type {TapSyncSettings, TapFolder} from '../../../src/lib/tap-folder/model.js'

/** A test's changes. */
export interface ExampleTapOptions {
  readonly tap?: Partial<OpenTap['tap']>
  readonly files?: Partial<TapFolder>
  readonly configuration?: Partial<OpenTap['configuration']>
  /** Values by name, without templates. */
  readonly values?: Readonly<Record<string, string>>
}

/** An opened tap: folder /home/me/shop, branch main, empty files. */
export function exampleTap({configuration, files, tap, values = {}}: ExampleTapOptions = {}): OpenTap {
  const folder = tap?.folder ?? '/home/me/shop'
  return {
    tap: {name: 'shop', folder, linkedFolder: folder, branch: 'main', commit: undefined, ...tap},
    files: {
      folder,
      containerFolder: `${folder}/container`,
      alias: undefined,
      ownAliases: new Set(),
      dockerfile: undefined,
      composeFile: undefined,
      composeOverride: undefined,
      services: [],
      mutagenFile: undefined,
      values: [],
      dotenv: undefined,
      composeDotenv: undefined,
      actions: new Map(),
      syncs: new Map(),
      problems: [],
      ...files,
    },
    configuration: {
      registry: undefined,
      defaultTag: 'develop',
      protectedTags: ['develop', 'main', 'master', 'latest'],
      environment: undefined,
      env: new Map(),
      paths: new Map(),
      taps: new Map(),
      invalid: new Map(),
      ...configuration,
    },
    values: exampleValues(values),
  }
}

/** The sync settings if mutagen.yml has no others. */
export function syncSettings(changes: Partial<TapSyncSettings> = {}): TapSyncSettings {
  return {
    mode: undefined,
    ignores: undefined,
    mergesDefaults: false,
    ignoresVersionControl: undefined,
    fileMode: undefined,
    directoryMode: undefined,
    owner: undefined,
    group: undefined,
    local: undefined,
    remote: undefined,
    ...changes,
  }
}

function exampleValues(values: Readonly<Record<string, string>>): Values {
  const text = (name: string): string | undefined => values[name] || undefined
  return {
    environmentName: 'local',
    warnings: [],
    names: Object.keys(values),
    text,
    isOn: (name) => text(name) === 'true',
    explicitlyOn: (name) => (text(name) === undefined ? undefined : text(name) === 'true'),
    origin: () => undefined,
    explain: () => [],
    expand: (written) => written,
    asEnvironment: () => ({...values}),
  }
}
