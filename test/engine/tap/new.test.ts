import {expect} from 'chai'
import {join} from 'node:path'
import type {Prompt} from '../../../src/lib/terminal/prompt.js'
import {newTap} from '../../../src/lib/tap/new/new-tap.js'
import {baseImage, buildImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {call} from '../../support/work.js'

const never = (): never => {
  throw new Error('Nobody is to be asked.')
}
const nobody: Prompt = {isInteractive: false, choose: never, confirm: never, text: never}

describe('the image of a new tap @containerd', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()
  const image = `${uniqueName('new-tap')}:develop`

  before(async () => {
    const folder = await sandbox.temporaryFolder()
    const made = await call(newTap, {
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
      prompt: nobody,
      notice: () => undefined,
      signal: new AbortController().signal,
    })
    sandbox.addImage(image)
    const dockerfile = join(made.folder, 'container/Dockerfile')
    // It needs no network, and has none.
    await buildImage(['--network', 'none', '--file', dockerfile, '--tag', image, made.folder])
  })
  after(() => sandbox.clean())

  const started = (variables: readonly string[]): Promise<string> =>
    sandbox.run(['--detach', ...variables.flatMap((variable) => ['--env', variable]), image])
  const inside = (container: string, script: string): Promise<string> => docker(['exec', container, 'sh', '-c', script])

  it("idles, serves its page on request, and has what Mutagen's agent needs", async () => {
    const container = await started([])
    const processes = async (): Promise<string> => docker(['top', container])
    await inside(container, 'until ps | grep -q "[t]ail -f"; do sleep 0.1; done')
    expect(await processes())
      .to.include('tail -f /dev/null')
      .and.not.include('httpd')
    // As Mutagen calls them, as the user of the container and as root by name.
    expect(await docker(['exec', '--user', 'root', container, 'sh', '-c', 'id -un && uname -s && env'])).to.match(
      /^root\nLinux\n[^]*HOME=\/root$/m,
    )
    expect(await inside(container, 'cd && pwd && touch here /tmp/here')).to.match(/^\/root\s*$/)

    await docker(['exec', '--detach', '--env', 'KEG_DOCKER_EXEC=compose-start', container, 'sh', 'container/run.sh'])
    const page = 'until wget -qO- http://127.0.0.1:8080/; do sleep 0.1; done 2>/dev/null'
    expect(await inside(container, page)).to.include('shop runs')
    // It ends by itself: the engine need not kill it.
    await docker(['stop', '--time', '45', container])
    expect(await docker(['inspect', '--format', '{{.State.ExitCode}}', container])).not.to.equal('137')
  })

  it('runs another command given in KEG_EXEC_CMD, and exits with it', async () => {
    const variables = ['KEG_DOCKER_EXEC=package-run', "KEG_EXEC_CMD=echo 'two words' && exit 7"]
    const container = await started(variables)
    expect((await docker(['wait', container])).trim()).to.equal('7')
    expect(await docker(['logs', container])).to.equal('two words')
  })
})
