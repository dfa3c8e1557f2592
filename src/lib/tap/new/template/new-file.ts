/** A file that is to be made. */
export interface NewFile {
  /** Below the tap's folder, with slashes. */
  readonly path: string
  readonly text: string
  /** Permission bits. */
  readonly mode: number
}

/** What a new tap is made from. */
export interface NewTapFacts {
  /** A tap's name: lower case letters, digits and dashes. */
  readonly name: string
  /** Image that the Dockerfile builds on. */
  readonly baseImage: string
  /** Image that is run. */
  readonly image: string
  /** Port in the container. */
  readonly port: number
}
