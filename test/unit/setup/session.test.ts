import {expect} from 'chai'
import {spawn} from 'node:child_process'
import {existsSync} from 'node:fs'
import {once} from 'node:events'
import {join} from 'node:path'

const session = join(import.meta.dirname, '../../../scripts/setup/session.js')

/** A script in its own process that makes a temporary folder, prints its path and does the rest. */
function script(rest: string) {
  const program = `
    import {inSession} from ${JSON.stringify(session)}
    await inSession(async (session) => {
      console.log(await session.temporaryFolder('keg-session-test'))
      ${rest}
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {stdio: ['ignore', 'pipe', 'ignore']})
  const folder = once(child.stdout, 'data').then(([chunk]) => String(chunk).trim())
  const ended = once(child, 'close').then(([code]) => Number(code))
  return {child, folder, ended}
}

describe('inSession', () => {
  it('undoes everything and passes on the exit code', async () => {
    const {folder, ended} = script('return 5')
    expect(await ended).to.equal(5)
    expect(existsSync(await folder)).to.equal(false)
  })

  it('undoes everything when the work fails', async () => {
    const {folder, ended} = script('throw new TypeError("a bug")')
    expect(await ended).to.equal(1)
    expect(existsSync(await folder)).to.equal(false)
  })

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`undoes everything on ${signal}, and ends with ${code}`, async () => {
      const wait = `await session.run(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])`
      const {child, folder, ended} = script(wait)
      const path = await folder
      expect(existsSync(path)).to.equal(true)
      child.kill(signal)
      expect(await ended).to.equal(code)
      expect(existsSync(path)).to.equal(false)
    })
  }
})
