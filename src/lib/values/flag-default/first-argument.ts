/** What decides whether the word after a flag is its value. */
export interface FlagShape {
  readonly type: 'boolean' | 'option'
  readonly char?: string | undefined
  readonly aliases?: readonly string[] | undefined
  readonly charAliases?: readonly string[] | undefined
}

/**
 * The first word of a command line that is neither a flag nor its value; undefined if there is none.
 * @param args what follows the command
 * @param flags of the command, by name
 */
export function firstArgument(args: readonly string[], flags: Readonly<Record<string, FlagShape>>): string | undefined {
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    if (arg === '--') return args[index + 1]
    if (!arg.startsWith('-') || arg === '-') return arg
    if (takesNext(arg, flags)) index++
  }
  return undefined
}

function takesNext(arg: string, flags: Readonly<Record<string, FlagShape>>): boolean {
  const shapes = Object.entries(flags)
  if (arg.startsWith('--')) {
    const name = arg.slice(2)
    return shapes.some(([each, {aliases, type}]) => type === 'option' && [each, ...(aliases ?? [])].includes(name))
  }
  // Short flags can be combined; what follows one with a value is that value.
  const place = arg
    .slice(1)
    .split('')
    .findIndex((char) =>
      shapes.some(([, shape]) => shape.type === 'option' && [shape.char, ...(shape.charAliases ?? [])].includes(char)),
    )
  return place !== -1 && place === arg.length - 2
}
