import type {Values} from '../../../src/lib/environment/values.js'
import type {SyncSettings, TapFolder} from '../../../src/lib/tap/folder/tap-folder.js'
import type {OpenTap} from '../../../src/lib/tap/open-tap.js'

/** What a test wants otherwise. */
export interface ExampleTapOptions {
  readonly tap?: Partial<OpenTap['tap']>
  readonly files?: Partial<TapFolder>
  readonly configuration?: Partial<OpenTap['configuration']>
  /** By their names, without templates. */
  readonly values?: Readonly<Record<string, string>>
}

/** A tap as it is once it was opened: of the folder /home/me/shop on branch main, with nothing in its files. */
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
      services: [],
      mutagenFile: undefined,
      values: [],
      dotenv: undefined,
      actions: new Map(),
      syncs: new Map(),
      problems: [],
      ...files,
    },
    configuration: {
      registry: undefined,
      defaultTag: 'develop',
      environment: undefined,
      env: new Map(),
      paths: new Map(),
      taps: new Map(),
      ...configuration,
    },
    values: exampleValues(values),
  }
}

/** How a folder is synced where mutagen.yml says no more than this. */
export function syncSettings(changes: Partial<SyncSettings> = {}): SyncSettings {
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
    wish: (name) => (text(name) === undefined ? undefined : text(name) === 'true'),
    origin: () => undefined,
    explain: () => [],
    expand: (written) => written,
    asEnvironment: () => ({...values}),
  }
}
