/** One of the examples of a command. */
export type Example = string | {readonly command: string; readonly description: string}

/** A command as oclif keeps it in the manifest of a plugin; what keg does not look at is handed on as it is. */
export interface ManifestCommand {
  readonly [key: string]: unknown
  /** With colons, as `tap:package:run`. */
  readonly id: string
  readonly aliases: readonly string[]
  readonly hiddenAliases: readonly string[]
  /** In the order in which they are written. */
  readonly args: Readonly<Record<string, unknown>>
  readonly examples?: readonly Example[] | undefined
  readonly usage?: string | readonly string[] | undefined
}

/** What the commands of taps are made from: facts of the program that runs, which only its commands know. */
export interface TapProgram {
  /** Where oclif keeps the user's plugins, and the list of them. */
  readonly dataFolder: string
  /** The commands of @keg/tap; undefined where it is not installed. */
  readonly tapCommands: readonly ManifestCommand[] | undefined
  /** Whether users can add plugins: without plugin-plugins they could neither see nor remove one. */
  readonly takesPlugins: boolean
  /** Ids of all commands, aliases and topics that are no tap's, with colons. */
  readonly foreignIds: readonly string[]
  /** The stamp of the plugin of the linked taps that this process has loaded; undefined where there was none. */
  readonly loadedStamp: string | undefined
}
