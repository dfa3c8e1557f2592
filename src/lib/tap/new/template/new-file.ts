/** A file to create. */
export interface NewFile {
  /** Below the tap's folder, with slashes. */
  readonly path: string
  readonly text: string
  /** Permission bits. */
  readonly mode: number
}

/** What the files of a new tap depend on. */
export interface NewTapFacts {
  /** A tap's name: lower case letters, digits and dashes. */
  readonly name: string
  /** Image that the Dockerfile builds on. */
  readonly baseImage: string
  /** Image to run. */
  readonly image: string
  /** Port in the container. */
  readonly port: number
}
