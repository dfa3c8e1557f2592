import {existsSync} from 'node:fs'

import {expect} from 'chai'

import {baseImage, docker, DockerError, dockerStream, Sandbox, uniqueName} from '../../support/docker.js'

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

async function exists(kind: string, name: string): Promise<boolean> {
  return (await failureOf(docker([kind, 'inspect', name]))) === undefined
}

describe('docker for the tests @containerd', function () {
  this.timeout(120_000)

  it('throws with the arguments and stderr of a failed command', async () => {
    const error = await failureOf(docker(['container', 'inspect', 'keg-test-not-there']))
    expect(error).to.be.instanceOf(DockerError)
    expect(String(error)).to.match(/docker container inspect keg-test-not-there ended with 1: .*no such container/i)
  })

  it('also throws at the end of a stream', async () => {
    const read = async () => {
      for await (const chunk of dockerStream(['cp', 'keg-test-not-there:/', '-'])) expect(chunk).to.not.exist
    }
    expect(await failureOf(read())).to.be.instanceOf(DockerError)
  })

  it('gives unique names', () => {
    expect(uniqueName('a')).to.match(/^keg-test-a-[0-9a-f]{12}$/)
    expect(uniqueName('a')).to.not.equal(uniqueName('a'))
  })
})

describe('the sandbox @containerd', function () {
  this.timeout(120_000)

  it('removes everything it made, and what was derived from it, and nothing else', async () => {
    const [sandbox, other] = [new Sandbox(), new Sandbox()]
    try {
      const image = await sandbox.imageFromFiles(uniqueName('image'), [{path: 'data', type: 'directory'}], {
        from: baseImage,
        instructions: ['VOLUME /data', 'CMD ["sleep", "600"]'],
      })
      const volume = await sandbox.volume()
      const network = await sandbox.network()
      const folder = await sandbox.temporaryFolder()
      const running = await sandbox.run(['-v', `${volume}:/named`, '--network', network, image])
      const paused = await sandbox.run([image])
      await docker(['pause', paused])
      const created = await sandbox.create([image])
      const mounts = await docker(['container', 'inspect', '--format', '{{range .Mounts}}{{.Name}} {{end}}', running])
      const volumes = mounts.trim().split(' ')
      expect(volumes).to.have.length(2)

      // Made of it by the keg under test, without the sandbox's knowledge.
      const committed = uniqueName('committed')
      await docker(['commit', '--pause=false', running, committed])
      const container = await docker(['create', committed])
      const told = other.addImage(uniqueName('told'))
      await docker(['tag', baseImage, told])
      const kept = await other.volume()

      await sandbox.clean()
      for (const name of [running, paused, created, container])
        expect(await exists('container', name), name).to.be.false
      for (const name of [image, committed]) expect(await exists('image', name), name).to.be.false
      for (const name of volumes) expect(await exists('volume', name), name).to.be.false
      expect(await exists('network', network)).to.be.false
      expect(existsSync(folder)).to.be.false
      expect(await docker(['images', '--all', '--quiet', '--filter', `label=${sandbox.label}`])).to.equal('')

      expect(await exists('volume', kept)).to.be.true
      expect(await exists('image', told)).to.be.true
      await other.clean()
      expect(await exists('volume', kept)).to.be.false
      expect(await exists('image', told)).to.be.false
      expect(await exists('image', baseImage)).to.be.true
      await sandbox.clean()
    } finally {
      await sandbox.clean()
      await other.clean()
    }
  })

  it('says what it could not remove', async () => {
    const [sandbox, other] = [new Sandbox(), new Sandbox()]
    try {
      const volume = await sandbox.volume()
      await other.create(['-v', `${volume}:/data`, baseImage, 'true'])
      expect(String(await failureOf(sandbox.clean()))).to.match(/is not clean: .*volume is in use/)
    } finally {
      await other.clean()
      await sandbox.clean()
    }
  })

  it('removes only the given reference, and ignores a missing one', async () => {
    const sandbox = new Sandbox()
    try {
      const first = await sandbox.imageFromFiles(uniqueName('first'), [{path: 'file', content: sandbox.id}])
      const second = sandbox.addImage(uniqueName('second'))
      await docker(['tag', first, second])
      await sandbox.removeImage(first)
      await sandbox.removeImage(first)
      expect(await exists('image', first)).to.be.false
      expect(await exists('image', second)).to.be.true
    } finally {
      await sandbox.clean()
    }
  })
})
