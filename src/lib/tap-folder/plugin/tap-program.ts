/** An example of a command. */
export type Example = string | {readonly command: string; readonly description: string}

/** A command in an oclif plugin's manifest; fields that keg does not use are kept. */
export interface ManifestCommand {
  readonly [key: string]: unknown
  /** With colons, such as `tap:package:run`. */
  readonly id: string
  readonly aliases: readonly string[]
  readonly hiddenAliases: readonly string[]
  /** In the order of the command line. */
  readonly args: Readonly<Record<string, unknown>>
  readonly examples?: readonly Example[] | undefined
  readonly usage?: string | readonly string[] | undefined
}

/** What the commands of taps are generated from: facts about the running program, which only its commands know. */
export interface TapProgram {
  /** Where oclif stores the user's plugins, and their list. */
  readonly dataFolder: string
  /** The commands of @keg/tap; undefined if it is not installed. */
  readonly tapCommands: readonly ManifestCommand[] | undefined
  /** Whether users can add plugins: without plugin-plugins they could not list or remove one. */
  readonly takesPlugins: boolean
  /** Ids of all commands, aliases and topics that are not a tap's, with colons. */
  readonly foreignIds: readonly string[]
  /** The stamp of the linked taps' plugin that this process loaded; undefined if there was none. */
  readonly loadedStamp: string | undefined
}
