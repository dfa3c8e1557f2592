/** Divides an argument list at its first `--`: options and reference before it, the command for the container behind it. */
export function splitCommand(argv: readonly string[]): {before: string[]; command: string[]} {
  const index = argv.indexOf('--')
  return index === -1
    ? {before: [...argv], command: []}
    : {before: argv.slice(0, index), command: argv.slice(index + 1)}
}
