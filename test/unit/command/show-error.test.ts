import {expect} from 'chai'
import {showError} from '../../../src/lib/command/show-error.js'
import {FailedError, UsageError} from '../../../src/lib/error/keg-error.js'

/** Returns what `run` writes to a stream, with COLUMNS as the terminal's width. */
function written(stream: NodeJS.WriteStream, columns: string, run: () => void): string {
  const {COLUMNS} = process.env
  const write = stream.write.bind(stream)
  const texts: string[] = []
  process.env.COLUMNS = columns
  stream.write = (text: string | Uint8Array) => texts.push(String(text)) > 0
  try {
    run()
  } finally {
    stream.write = write
    if (COLUMNS === undefined) delete process.env.COLUMNS
    else process.env.COLUMNS = COLUMNS
  }
  return texts.join('')
}

const line = 'keg docker package run ghcr.io/acme/shop:feature-search --name keg-shop-feature-search --reuse'
const error = new FailedError('The container keg-shop-feature-search of 日本語 is kept, and still running.', {
  code: 'not-ready',
  hint: `Wait for as long as it takes: ${line}`,
})

describe('an error', () => {
  it('is wrapped at the terminal’s width, with the line to paste left whole', () => {
    expect(written(process.stderr, '40', () => showError(error, {json: false})).split('\n')).to.deep.equal([
      'Error: The container',
      'keg-shop-feature-search of 日本語 is',
      'kept, and still running.',
      'Wait for as long as it takes:',
      line,
      '',
    ])
    expect(written(process.stderr, '200', () => showError(error, {json: false}))).to.include(`takes: ${line}\n`)
  })

  it('has each command to paste on its own line, but not one that it only mentions', () => {
    const unknown = new UsageError('docker pakage is not a command of keg, which has others.', {
      code: 'command-unknown',
      hint: 'Did you mean: keg docker package? See all commands with: keg help docker',
    })
    expect(written(process.stderr, '40', () => showError(unknown, {json: false})).split('\n')).to.deep.equal([
      'Error: docker pakage is not a command of',
      'keg, which has others.',
      'Did you mean:',
      'keg docker package',
      'See all commands with:',
      'keg help docker',
      '',
    ])
  })

  it('is not wrapped in JSON', () => {
    const json = written(process.stdout, '40', () => showError(error, {json: true}))
    expect((JSON.parse(json) as {error: {hint: string}}).error.hint).to.equal(`Wait for as long as it takes: ${line}`)
  })
})
