import {expect} from 'chai'
import {commandLine, findProgram, run} from '../../../scripts/setup/process.js'
import {SetupError} from '../../../scripts/setup/setup-error.js'

async function failure(work: Promise<unknown>): Promise<SetupError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof SetupError)) throw new Error('it did not fail as it should')
  return error
}

describe('run', () => {
  it("returns a program's output, and passes its input", async () => {
    const program = 'process.stdin.pipe(process.stdout); console.error("aside")'
    expect(await run(process.execPath, ['-e', program], {input: 'hello'})).to.deep.equal({
      code: 0,
      stdout: 'hello',
      stderr: 'aside\n',
    })
  })

  it("fails with the exit code and the program's last lines", async () => {
    const error = await failure(run(process.execPath, ['-e', 'console.error("no luck"); process.exitCode = 7']))
    expect(error.exitCode).to.equal(7)
    expect(error.message).to.include('no luck')
  })

  it('reports a missing program with exit code 4', async () => {
    const error = await failure(run('no-such-program-of-keg', []))
    expect(error.exitCode).to.equal(4)
    expect(error.message).to.include('no-such-program-of-keg')
  })

  it('stops a program when it is aborted', async () => {
    const abort = new AbortController()
    const running = failure(run(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], {signal: abort.signal}))
    abort.abort()
    expect((await running).exitCode).to.equal(143)
  })
})

describe('commandLine', () => {
  it('quotes only what a shell would split or expand', () => {
    expect(commandLine('docker', ['run', '-p', '127.0.0.1::8080', "it's here"])).to.equal(
      String.raw`docker run -p 127.0.0.1::8080 'it'\''s here'`,
    )
  })
})

describe('findProgram', () => {
  it('finds a program by its path, and returns undefined for others', async () => {
    expect(await findProgram(process.execPath)).to.equal(process.execPath)
    expect(await findProgram('no-such-program-of-keg')).to.equal(undefined)
  })
})
