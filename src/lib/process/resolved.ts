/** The variable that lists what keg set itself: a JSON object, name -> {value, origin}. */
const listName = 'KEG_RESOLVED'

/** A value that keg set in the environment. */
export interface ResolvedValue {
  readonly value: string
  /** Where the value comes from: a file, `git`, the name of another variable. */
  readonly origin: string
}

/**
 * The values that keg set itself and nobody changed since. A list that cannot be read, or that names other programs'
 * variables, counts as empty.
 */
export function readResolved(environment: NodeJS.ProcessEnv): ReadonlyMap<string, ResolvedValue> {
  const resolved = new Map<string, ResolvedValue>()
  for (const [name, entry] of Object.entries(parsed(environment[listName]))) {
    if (/^(?:KEG|DOC)_\w+$/.test(name) && isResolvedValue(entry) && environment[name] === entry.value) {
      resolved.set(name, {value: entry.value, origin: entry.origin})
    }
  }
  return resolved
}

/** Whether keg set a variable, not the user. */
export function isResolved(environment: NodeJS.ProcessEnv, name: string): boolean {
  return readResolved(environment).has(name)
}

/** Whether a variable is not set. Empty counts as not set, as in oclif: CI services pass empty inputs that way. */
export function isAbsent(environment: NodeJS.ProcessEnv, name: string): boolean {
  return environment[name] === undefined || environment[name] === ''
}

/** Sets a variable if it is not set, and lists it with its origin; returns whether it did. */
export function provideDefault(environment: NodeJS.ProcessEnv, name: string, value: string, origin: string): boolean {
  if (!isAbsent(environment, name)) return false
  environment[name] = value
  const list = new Map(readResolved(environment)).set(name, {value, origin})
  environment[listName] = JSON.stringify(Object.fromEntries(list))
  return true
}

/** Removes what keg set, and the list: for a process that inherited both from another keg. */
export function forgetResolved(environment: NodeJS.ProcessEnv): void {
  for (const name of readResolved(environment).keys()) Reflect.deleteProperty(environment, name)
  Reflect.deleteProperty(environment, listName)
}

/** The environment for child processes: a copy without what keg set. */
export function withoutResolved(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const copy = {...environment}
  forgetResolved(copy)
  return copy
}

function parsed(text: string | undefined): object {
  try {
    const list: unknown = JSON.parse(text ?? '{}')
    return typeof list === 'object' && list !== null ? list : {}
  } catch {
    return {}
  }
}

function isResolvedValue(entry: unknown): entry is ResolvedValue {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    'value' in entry &&
    typeof entry.value === 'string' &&
    'origin' in entry &&
    typeof entry.origin === 'string'
  )
}
