import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import {composeSecrets} from '../../../../src/lib/package/mount/compose-secrets.js'

describe('secrets of a compose file', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-compose-'))
  })

  afterEach(() => rm(folder, {recursive: true}))

  /** For the container of the service `web`: whether mounts are secrets. */
  async function areSecrets(
    mounts: readonly [source: string, destination: string][],
    files?: string,
  ): Promise<boolean[]> {
    const Labels = {
      'com.docker.compose.service': 'web',
      'com.docker.compose.project.working_dir': folder,
      ...(files === undefined ? {} : {'com.docker.compose.project.config_files': files}),
    }
    const secrets = await composeSecrets({Config: {Labels}} as unknown as ContainerDetails)
    return mounts.map(([source, destination]) => secrets.includes({type: 'bind', source, destination}))
  }

  const COMPOSE = `
services:
  web:
    secrets:
      - plain
      - source: db
        target: /etc/app/db_password
  other:
    secrets: [{source: db, target: /etc/other}]
secrets:
  db: {file: ./secrets/db.txt}
  plain: {file: plain.txt}
  variable: {file: "\${SECRETS}/x"}
  token: {environment: TOKEN}
configs:
  nginx: {file: ./nginx.conf}
`

  it('are recognized by their file and by their target; configs and other binds are not secrets', async () => {
    await writeFile(join(folder, 'compose.yml'), COMPOSE)
    const found = await areSecrets([
      [join(folder, 'secrets/db.txt'), '/anywhere'],
      [join(folder, 'plain.txt'), '/run/secrets/plain'],
      ['/elsewhere', '/etc/app/db_password'],
      ['/elsewhere', '/etc/app/../app//db_password'],
      ['/elsewhere', '/etc/other'],
      [join(folder, 'nginx.conf'), '/nginx'],
      [join(folder, 'secrets'), '/app/secrets'],
      [folder, '/app'],
    ])
    expect(found).to.deep.equal([true, true, true, true, false, false, false, false])
  })

  it('are read from the files in the label', async () => {
    await mkdir(join(folder, 'deploy'))
    await writeFile(join(folder, 'compose.yml'), 'secrets: {unused: {file: unused.txt}}')
    await writeFile(join(folder, 'deploy/a.yml'), 'services: {web: {ports: !reset []}}')
    await writeFile(join(folder, 'deploy/b.yml'), 'secrets: {db: {file: db.txt}}')
    const files = `${join(folder, 'deploy/a.yml')},${join(folder, 'deploy/b.yml')}`
    const mounts: [string, string][] = [
      [join(folder, 'db.txt'), '/x'],
      [join(folder, 'unused.txt'), '/y'],
    ]
    expect(await areSecrets(mounts, files)).to.deep.equal([true, false])
  })

  for (const [what, text] of [
    ['no YAML', 'services: ['],
    ['something else', '- 1'],
    ['secrets that are none', 'secrets: 1\nservices: {web: {secrets: x}}'],
  ] as const)
    it(`do not exist in ${what}`, async () => {
      await writeFile(join(folder, 'compose.yml'), text)
      expect(await areSecrets([[folder, '/app']])).to.deep.equal([false])
    })

  it('do not exist without a compose file, or if it is not a file', async () => {
    await mkdir(join(folder, 'compose.yaml'))
    expect(await areSecrets([[folder, '/app']])).to.deep.equal([false])
    expect(await areSecrets([[folder, '/app']], '/nowhere/compose.yml')).to.deep.equal([false])
  })
})
