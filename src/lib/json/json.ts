/** Reads values of unknown shape: JSON from files, registries and labels, and errors of libraries. */

/** Parses JSON, with or without a byte order mark; undefined if it is invalid (the parser's own error would quote it). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** The JSON object at the beginning of a text, whatever follows it; undefined if there is none. */
export function parseFirstObject(text: string): unknown {
  let depth = 0
  let isQuoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (isQuoted && character === '\\') index++
    else if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && character === '{') depth++
    else if (!isQuoted && character === '}' && --depth <= 0) return parseJson(text.slice(0, index + 1))
  }
  return undefined
}

/** An object's own property (never `constructor` and the like); undefined if it has none, or the value is not an object. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

/** A property that is a list; empty if it is not. */
export function listProperty(value: unknown, name: string): readonly unknown[] {
  const list = property(value, name)
  return Array.isArray(list) ? (list as unknown[]) : []
}
