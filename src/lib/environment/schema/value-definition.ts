/** What the text of a value has to be. */
export type ValueType =
  'text' | 'yes or no' | 'choice' | 'image' | 'list' | 'path here' | 'path in the container' | 'port'

/** What keg knows of a value, or of all values whose names have the same form. */
export interface ValueDefinition {
  /** As people write it; parts in angle brackets stand for words of their own, as in `KEG_COMPOSE_<ENV>`. */
  readonly name: string
  readonly type: ValueType
  /** One sentence. */
  readonly meaning: string
  /** What it is where nobody says. */
  readonly default?: string
  /** The same in words, where it is not always the same. */
  readonly otherwise?: string
  /** Who reads it: commands, files of the tap. None for what has no meaning any more. */
  readonly readBy: readonly string[]
  /** Its text is never shown. */
  readonly isSecret?: true
  /** Of a choice: each text that it may have, in any letter case, and what keg takes it for. */
  readonly choices?: Readonly<Record<string, string>>
}

/** Values under one heading of docs/values.md. */
export interface ValueGroup {
  readonly title: string
  readonly definitions: readonly ValueDefinition[]
}
