import {expect} from 'chai'
import {mkdtemp, readdir, rm} from 'node:fs/promises'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {startRegistry} from '../../../scripts/setup/registry.js'

const module = join(import.meta.dirname, '../../../scripts/setup/registry.js')

/** The status of the registry's version check, with or without a login. */
async function statusOf(address: string, login?: string): Promise<number> {
  const headers = new Headers()
  if (login !== undefined) headers.set('authorization', `Basic ${Buffer.from(login).toString('base64')}`)
  const response = await fetch(`http://${address}/v2/`, {headers})
  return response.status
}

async function answers(address: string): Promise<boolean> {
  return statusOf(address).then(
    () => true,
    () => false,
  )
}

describe('startRegistry @classic', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'keg-registry-test-'))
  })
  after(() => rm(directory, {recursive: true, force: true}))

  it('starts registries beside each other, and leaves nothing of them', async () => {
    const [one, other] = await Promise.all([startRegistry({directory}), startRegistry({directory})])
    try {
      expect(one.address).not.to.equal(other.address)
      expect([await statusOf(one.address), await statusOf(other.address)]).to.deep.equal([200, 200])
    } finally {
      await Promise.all([one.stop(), other.stop()])
    }
    expect([await answers(one.address), await readdir(directory)]).to.deep.equal([false, []])
  })

  it('requires the password', async () => {
    const registry = await startRegistry({directory, password: {user: 'ada', secret: `it's "secret" $1`}})
    try {
      expect(await statusOf(registry.address)).to.equal(401)
      expect(await statusOf(registry.address, 'ada:wrong')).to.equal(401)
      expect(await statusOf(registry.address, `ada:it's "secret" $1`)).to.equal(200)
    } finally {
      await registry.stop()
    }
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends with its process on ${signal}`, async () => {
      const program = `
        import {text} from 'node:stream/consumers'
import {startRegistry} from ${JSON.stringify(module)}
        console.log((await startRegistry({directory: ${JSON.stringify(directory)}})).address)
        setInterval(() => {}, 1000)`
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const address = String(await once(child.stdout, 'data')).trim()
      expect(await statusOf(address)).to.equal(200)
      const ended = once(child, 'close')
      child.kill(signal)
      expect(await ended).to.deep.equal([null, signal])
      expect(await answers(address)).to.equal(false)
      expect(await readdir(directory)).to.deep.equal([])
    })
  }

  it('is stopped as soon as stop returns, also in a process that has nothing else to do', async () => {
    const program = `
      import {text} from 'node:stream/consumers'
import {startRegistry} from ${JSON.stringify(module)}
      const registry = await startRegistry({directory: ${JSON.stringify(directory)}})
      await registry.stop()
      console.log('stopped')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    expect(await text(child.stdout)).to.equal('stopped\n')
    expect(await readdir(directory)).to.deep.equal([])
  })

  it('does not keep its process alive', async () => {
    const program = `
      import {text} from 'node:stream/consumers'
import {startRegistry} from ${JSON.stringify(module)}
      console.log((await startRegistry({directory: ${JSON.stringify(directory)}})).address)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    expect(await once(child, 'close')).to.deep.equal([0, null])
    expect(await readdir(directory)).to.deep.equal([])
  })
})
