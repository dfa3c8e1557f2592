/** What a value's text must be. */
export type ValueType =
  | 'text'
  | 'yes or no'
  | 'choice'
  | 'image'
  | 'list'
  | 'path here'
  | 'path in the container'
  | 'port'

/** The definition of a value, or of all values with similar names. */
export interface ValueDefinition {
  /** Its name; parts in angle brackets are placeholders, as in `KEG_COMPOSE_<ENV>`. */
  readonly name: string
  readonly type: ValueType
  /** One sentence. */
  readonly meaning: string
  /** Its default. */
  readonly default?: string
  /** The default in words, if it varies. */
  readonly otherwise?: string
  /** Who reads it: commands, files of the tap. Empty for a retired one. */
  readonly readBy: readonly string[]
  /** Its text is never shown. */
  readonly isSecret?: true
  /** For a choice: each allowed text, in any letter case, and what it means. */
  readonly choices?: Readonly<Record<string, string>>
}

/** Values under one heading of docs/values.md. */
export interface ValueGroup {
  readonly title: string
  readonly definitions: readonly ValueDefinition[]
}
