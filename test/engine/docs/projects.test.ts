import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {docker} from '../../support/docker.js'
import {PageBed} from './page-bed.js'

const PROJECTS = 'docs/projects.md'

describe('the examples of the page on compose projects @containerd', function () {
  this.timeout(120_000)
  let bed: PageBed
  /** The name on the page, and the one here. */
  let instead: Readonly<Record<string, string>>

  before(async () => {
    bed = await PageBed.start()
    await bed.type(`keg config set registry ${bed.registry}`)
    const service = {image: bed.taps.baseImage, pull_policy: 'never', stop_grace_period: '1s'}
    const serve = 'mkdir -p /www; echo page >/www/index.html; exec httpd -f -p 8080 -h /www'
    const model = {
      name: bed.shop,
      services: {
        app: {...service, command: ['sh', '-c', serve], depends_on: ['db'], ports: ['127.0.0.1::8080']},
        db: {...service, command: ['sh', '-c', 'echo row >>/data/rows; exec sleep 600'], volumes: ['data:/data']},
      },
      volumes: {data: {}},
    }
    await writeFile(join(bed.folder, 'compose.yaml'), JSON.stringify(model))
    await bed.type('docker compose up --detach')
  })

  after(async () => {
    await bed.type('docker compose down --timeout 0 --volumes')
    await bed.stop()
  })

  it('packaging it', async () => {
    const plan = await bed.follow(PROJECTS, 'keg docker package shop --project --dry-run')
    expect(plan).to.match(/^Nothing was changed\. .* would have 2 services/m)
    const output = await bed.follow(PROJECTS, 'keg docker package --project')
    const [pinned = ''] = /(?<=keg docker package run )\S+/.exec(output) ?? []
    expect(pinned).to.include(`/${bed.shop}:feature-search-k`)
    instead = {'ghcr.io/acme/shop:feature-search-k…': pinned}
  })

  it('reviewing and stopping it', async () => {
    const project = `keg-${bed.shop}-feature_search`
    await bed.follow(PROJECTS, 'keg docker package run ghcr.io/acme/shop:feature-search-k… --detach', {instead})
    expect(await docker(['exec', `${project}-db-1`, 'cat', '/data/rows'])).to.equal('row\nrow')
    const stopped = await bed.follow(PROJECTS, 'keg docker package logs keg-shop-feature_search')
    expect(stopped).to.include(`Stopped and removed ${project}: 2 containers, 1 volume\n`)
  })

  it('reviewing it without keg', async () => {
    const output = await bed.follow(
      PROJECTS,
      'keg docker package run ghcr.io/acme/shop:feature-search-k… --output-compose',
      {
        instead,
      },
    )
    expect(output).to.match(/Container .*-app-1 +Started/)
  })
})
