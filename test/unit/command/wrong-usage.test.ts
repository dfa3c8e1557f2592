import {Parser} from '@oclif/core'
import * as Flags from '@oclif/core/flags'
import {expect} from 'chai'
import {wrongUsage} from '../../../src/lib/command/wrong-usage.js'
import {UsageError} from '../../../src/lib/error/keg-error.js'

const flags = {
  context: Flags.string({char: 'c', exclusive: ['host']}),
  host: Flags.string({char: 'H'}),
  mounts: Flags.option({options: ['all', 'volumes', 'none'] as const})(),
  port: Flags.integer({max: 65_535}),
  push: Flags.boolean({allowNo: true}),
  registry: Flags.string(),
  secret: Flags.string({hidden: true}),
}

/** The error that keg reports for a command line. */
async function said(...argv: string[]): Promise<UsageError> {
  try {
    await Parser.parse(argv, {flags, strict: true})
  } catch (error) {
    const turned = await wrongUsage(error, {command: 'keg docker package', flags})
    if (turned instanceof UsageError) return turned
    throw error
  }
  throw new Error(`${argv.join(' ')} is taken`)
}

describe('a command line that cannot be parsed', () => {
  const table: [argv: string[], message: string | RegExp, meant: string | undefined][] = [
    [['--registri', 'x'], 'Unknown flag: --registri', '--registry'],
    [['--registri=secret'], 'Unknown flag: --registri', '--registry'],
    [['--no-psh'], 'Unknown flag: --no-psh', '--no-push'],
    [['--mount', 'all'], 'Unknown flag: --mount', '--mounts'],
    [['--secre', 'x'], 'Unknown flag: --secre', undefined],
    [['--entirely-different'], 'Unknown flag: --entirely-different', undefined],
    [['--mounts', 'al'], 'Expected --mounts=al to be one of: all, volumes, none', 'all'],
    [['--mounts', 'volums'], /^Expected --mounts=volums /, 'volumes'],
    [['--mounts', 'something'], /^Expected --mounts=something /, undefined],
    [['--mounts', 'a\nb'], /^Expected --mounts=a\nb to be/, undefined],
    [['--context', 'x', '--host', 'y'], /^--\w+=\w cannot also be provided when using --\w+$/m, undefined],
    [['--port', 'x'], '--port: expected an integer but received: x', undefined],
    [['surplus'], 'Unexpected argument: surplus', undefined],
  ]
  for (const [argv, message, meant] of table)
    it(`says what is wrong with ${JSON.stringify(argv)}, and suggests what was meant`, async () => {
      const error = await said(...argv)
      if (typeof message === 'string') expect(error.message).to.equal(message)
      else expect(error.message).to.match(message)
      const suggestion = meant === undefined ? '' : `Did you mean ${meant}? `
      expect(error).to.include({
        code: 'usage-invalid',
        exitCode: 2,
        hint: `${suggestion}See all flags with: keg docker package --help`,
      })
    })

  it('is distinguished from all other errors', async () => {
    const other = new Error('something else')
    expect(await wrongUsage(other, {command: 'keg', flags: {}})).to.equal(other)
  })
})
