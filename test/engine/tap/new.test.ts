import {expect} from 'chai'
import {join} from 'node:path'
import type {Questions} from '../../../src/lib/command/ask.js'
import {newTap} from '../../../src/lib/tap/new/new-tap.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'

const never = (): never => {
  throw new Error('Nobody is to be asked.')
}
const nobody: Questions = {possible: false, choose: never, confirm: never, text: never}

describe('the image of a new tap', function () {
  this.timeout(60_000)
  const sandbox = new Sandbox()
  const image = `${uniqueName('new-tap')}:develop`

  before(async () => {
    const folder = await sandbox.temporaryFolder()
    const made = await newTap({
      name: 'shop',
      path: 'shop',
      base: baseImage,
      from: undefined,
      port: 8080,
      link: false,
      dryRun: false,
      folder,
      environment: {HOME: folder},
      program: {dataFolder: folder, tapCommands: [], takesPlugins: false, foreignIds: [], loadedStamp: undefined},
      questions: nobody,
      say: () => undefined,
      signal: new AbortController().signal,
    })
    sandbox.addImage(image)
    const dockerfile = join(made.folder, 'container/Dockerfile')
    // Nothing of a network is there, and nothing is needed of one.
    await docker(['build', '--quiet', '--network', 'none', '--file', dockerfile, '--tag', image, made.folder])
  })
  after(() => sandbox.clean())

  const started = (variables: readonly string[]): Promise<string> =>
    sandbox.run(['--detach', ...variables.flatMap((variable) => ['--env', variable]), image])
  const inside = (container: string, script: string): Promise<string> => docker(['exec', container, 'sh', '-c', script])

  it("idles, serves its page once it is told to, and has what Mutagen's agent needs", async () => {
    const container = await started([])
    const processes = async (): Promise<string> => docker(['top', container])
    expect(await processes())
      .to.include('tail -f /dev/null')
      .and.not.include('httpd')
    // As Mutagen calls them, as the user of the container and as root by name.
    expect(await docker(['exec', '--user', 'root', container, 'sh', '-c', 'id -un && uname -s && env'])).to.match(
      /^root\nLinux\n[^]*HOME=\/root$/m,
    )
    expect(await inside(container, 'cd && pwd && touch here /tmp/here')).to.match(/^\/root\s*$/)

    await docker(['exec', '--detach', '--env', 'KEG_DOCKER_EXEC=compose-start', container, 'sh', 'container/run.sh'])
    const page = 'for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://127.0.0.1:8080/ && exit; sleep 0.3; done 2>/dev/null'
    expect(await inside(container, page)).to.include('shop runs')
    // At once: the engine would wait ten seconds before it kills.
    const start = Date.now()
    await docker(['stop', container])
    expect(Date.now() - start).to.be.below(5000)
  })

  it('runs another command where KEG_EXEC_CMD says one, and ends with it', async () => {
    const variables = ['KEG_DOCKER_EXEC=package-run', "KEG_EXEC_CMD=echo 'two words' && exit 7"]
    const container = await started(variables)
    expect((await docker(['wait', container])).trim()).to.equal('7')
    expect(await docker(['logs', container])).to.equal('two words')
  })
})
