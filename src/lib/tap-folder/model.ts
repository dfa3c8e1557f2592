import type {SyncMode} from '../mutagen/session.js'

/** A place in a file. */
export interface FilePlace {
  /** Absolute path of the file. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
}

/** A problem in a tap's folder. */
export interface TapProblem extends FilePlace {
  /** An error keeps the tap from working; a warning does not. */
  readonly severity: 'error' | 'warning'
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What to do about it. */
  readonly hint: string
}

/** A value as written in a file: templates are not filled in. */
export interface WrittenValue extends FilePlace {
  readonly text: string
}

/** One values file, with the values under its `env`. */
export interface ValuesFile {
  readonly file: string
  readonly values: ReadonlyMap<string, WrittenValue>
}

/** Commands to run in the container, one after another. */
export interface Action extends FilePlace {
  /** Each for a shell of the container; templates are not filled in. */
  readonly commands: readonly string[]
  /** Folder in the container; templates are not filled in. */
  readonly location: string | undefined
  /** Whether it runs in the background. */
  readonly detach: boolean
  /** Whether it runs privileged. */
  readonly privileged: boolean
}

/** The settings for the sync of one folder, from `mutagen.yml` under the name of the tap or of a dependency. */
export interface TapSyncSettings {
  readonly mode: SyncMode | undefined
  /** In Mutagen's syntax; undefined means keg's defaults. */
  readonly ignores: readonly string[] | undefined
  /** `mergeDefault`: the ignores are added to keg's defaults instead of replacing them. */
  readonly mergesDefaults: boolean
  readonly ignoresVersionControl: boolean | undefined
  /** Octal digits, such as `0644`. */
  readonly fileMode: string | undefined
  readonly directoryMode: string | undefined
  readonly owner: string | undefined
  readonly group: string | undefined
  /** Folders as written, templates not filled in; the tap's own are always replaced. */
  readonly local: string | undefined
  readonly remote: string | undefined
}

/** What keg reads from a tap's folder, checked. Paths are absolute. */
export interface TapFolder {
  readonly folder: string
  /** `container/`, or the folder itself if the Dockerfile is at its top. */
  readonly containerFolder: string
  /** The tap's alias from tap.js, tap.json, package.json and the like. */
  readonly alias: string | undefined
  /** Names that mean this folder in the tap's own templates, whatever the name of its link. */
  readonly ownAliases: ReadonlySet<string>
  readonly dockerfile: string | undefined
  readonly composeFile: string | undefined
  /** Beside it, `docker-compose.override.yml` or another file that compose merges with it by default. */
  readonly composeOverride: string | undefined
  /** Names of the services of both, in order: the first is the tap's own by default. */
  readonly services: readonly string[]
  readonly mutagenFile: string | undefined
  /** `values.yml` and, overriding it, `values-<environment>.yml`, if they exist. */
  readonly values: readonly ValuesFile[]
  /** `.env` at the top of the folder, with all its variables. */
  readonly dotenv: ValuesFile | undefined
  /** `.env` beside the compose file, if that is another: compose interpolates from it, too. */
  readonly composeDotenv: ValuesFile | undefined
  /** By full name, such as `tap:build`: from values.yml, values-<environment>.yml and mutagen.yml. */
  readonly actions: ReadonlyMap<string, Action>
  /** By the name of the tap, its container, or the synced dependency; `defaults` apply to all without an entry. */
  readonly syncs: ReadonlyMap<string, TapSyncSettings>
  readonly problems: readonly TapProblem[]
}
