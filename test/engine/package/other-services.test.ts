import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {packageJson} from './packaging.js'

describe('keg docker package of a service of a compose project @classic', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()
  const project = uniqueName('project')
  let file: string

  before(async () => {
    file = join(await sandbox.temporaryFolder('compose'), 'compose.yaml')
    const service = {image: baseImage, pull_policy: 'never', command: ['sleep', '600'], init: true}
    const model = {
      services: {
        web: {...service, networks: ['front', 'back']},
        db: {...service, networks: {back: {aliases: ['postgres', 'data.base']}}},
        cache: {...service, container_name: `${project}-redis`, networks: ['front'], scale: 1},
        worker: {...service, networks: ['apart'], deploy: {replicas: 2}},
        tool: {...service, networks: ['front'], profiles: ['tools']},
      },
      networks: {front: {}, back: {}, apart: {}},
    }
    await writeFile(file, JSON.stringify(model))
    await compose('up', '--detach')
    await compose('run', '--detach', 'tool')
  })

  after(async () => {
    await compose('--profile', 'tools', 'down', '--timeout', '0', '--volumes', '--remove-orphans')
    await sandbox.clean()
  })

  function compose(...words: string[]): Promise<string> {
    return docker(['compose', '--project-name', project, '--file', file, ...words])
  }

  const packaged = (service: string) =>
    keg(['docker', 'package', `${project}-${service}-1`, '-t', sandbox.addImage(`${project}:${service}`), '--json'])

  it('says which others are not in it, and which names it will look for', async () => {
    const {otherServices, warnings} = packageJson(await packaged('web')) as unknown as {
      readonly otherServices: unknown
      readonly warnings: readonly string[]
    }
    expect(otherServices).to.deep.equal([
      {service: 'cache', names: ['cache', `${project}-redis`]},
      {service: 'db', names: ['data.base', 'db', 'postgres']},
      {service: 'worker', names: []},
    ])
    expect(warnings).to.deep.equal([
      `Only web of the compose project ${project} is packaged, not cache, db, worker. To package all: keg docker package --project. Where it is run, it will look for: cache, ${project}-redis, data.base, db, postgres.`,
    ])
  })

  it('names none that it cannot reach', async () => {
    expect(packageJson(await packaged('worker')).warnings).to.deep.equal([
      `Only worker of the compose project ${project} is packaged, not cache, db, web. To package all: keg docker package --project.`,
    ])
  })

  it('says nothing of a container without others, also if it runs from such a package', async () => {
    const container = await sandbox.run([`${project}:web`, 'sleep', '600'])
    const name = sandbox.addImage(`${project}:alone`)
    const {otherServices, warnings} = packageJson(
      await keg(['docker', 'package', container, '-t', name, '--replace-tag', '--json']),
    ) as unknown as {readonly otherServices: unknown; readonly warnings: unknown}
    expect({otherServices, warnings}).to.deep.equal({otherServices: [], warnings: []})
  })
})
