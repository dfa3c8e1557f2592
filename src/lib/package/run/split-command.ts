/** Splits arguments at the first `--`: options and reference before it, the command for the container after it. */
export function splitCommand(argv: readonly string[]): {before: string[]; command: string[]} {
  const index = argv.indexOf('--')
  return index === -1
    ? {before: [...argv], command: []}
    : {before: argv.slice(0, index), command: argv.slice(index + 1)}
}
