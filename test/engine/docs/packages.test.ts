import {expect} from 'chai'
import {mkdir, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {docker, uniqueName} from '../../support/docker.js'
import {PageBed} from './page-bed.js'

const PACKAGES = 'docs/packages.md'
const RUNNING = 'docs/running.md'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5011'

describe('the examples of the pages on packages @containerd', function () {
  this.timeout(120_000)
  let bed: PageBed
  before(async () => {
    bed = await PageBed.start()
    await bed.type(`keg config set registry ${bed.registry}`)
  })
  after(async () => bed.stop())
  afterEach(async () => {
    await bed.type(`docker rm --force --volumes $(docker ps --all --quiet --filter label=${bed.taps.sandbox.label})`)
  })

  it('names: settings', async () => {
    await bed.follow(PACKAGES, 'keg config set registry')
    expect((await bed.type('keg config list')).output)
      .to.include('defaultTag: develop')
      .and.include(bed.registry)
  })

  it('a name that another container has', async () => {
    const [web, worker] = [bed.named('web'), bed.named('worker')]
    await bed.container([], web)
    await bed.container([], worker)
    const reference = `${bed.registry}/${web}:v1`
    await bed.type(`keg docker package ${worker} -t ${reference} --branch feature/jobs`)
    await bed.follow(PACKAGES, '$ keg docker package web -t v1', {exits: {keg: 3}})
  })

  it('what a mount hides', async () => {
    await writeFile(join(bed.folder, '.env'), 'TOKEN=of-mine\n')
    await mkdir(join(bed.folder, 'cache'), {recursive: true})
    const instead = {'acme/shop': bed.taps.baseImage}
    const output = await bed.follow(PACKAGES, 'docker run -d --name shop -v "$PWD:/app"', {instead})
    const [reference = ''] = new RegExp(`${bed.registry}/${bed.shop}:[\\w-]+`).exec(output) ?? []
    expect(await docker(['run', '--rm', reference, 'stat', '-c', '%s', '/app/.env'])).to.equal('0')
  })

  it('a container that writes to the same mount', async () => {
    const volume = await bed.taps.sandbox.volume()
    await bed.container(['-v', `${volume}:/data`])
    await bed.container(['-v', `${volume}:/data`], bed.named('worker'))
    const output = await bed.follow(PACKAGES, 'keg docker package shop --pause-writers')
    expect(output).to.include(bed.named('worker'))
  })

  it('a bind whose source was replaced', async () => {
    await bed.type(`docker tag ${bed.taps.baseImage} ${bed.shop}`)
    await writeFile(join(bed.folder, 'app.conf'), 'limit = 1\n')
    await bed.follow(PACKAGES, '$ docker run -d --name shop -v $PWD/app.conf')
  })

  it('secrets', async () => {
    await writeFile(join(bed.folder, '.env'), 'API_TOKEN=a1b2c3d4e5f6a7b8c9d0\n')
    await bed.container(['-v', `${bed.folder}:/app`])
    expect((await bed.type(`keg docker package ${bed.shop} --yes`)).code).to.equal(3)
    await bed.follow(PACKAGES, 'keg docker package shop --allow-secret /app/.env')
  })

  it('choosing what is included', async () => {
    await bed.container(['-v', `${bed.folder}:/app`, '-e', 'NPM_TOKEN=x'])
    await bed.type('rm -f .env')
    const output = await bed.follow(PACKAGES, 'keg docker package shop --dry-run')
    expect(output).to.match(/NPM_TOKEN/)
  })

  it('verifying a package while it is made, and later', async () => {
    await bed.container()
    await bed.follow('docs/exactness.md', '$ keg docker package shop --verify')
    await bed.type(`keg docker package ${bed.shop} -t v1`)
    await bed.follow(PACKAGES, 'keg docker package verify')
    await bed.follow(PACKAGES, 'keg docker package inspect ghcr.io/acme/shop:v1 --remote')
    const listed = await bed.follow(PACKAGES, 'keg docker package list')
    // The last line reads the registry; what the engine has depends on the examples before.
    expect(listed).to.include(`${bed.registry}/${bed.shop}:v1 `)
    await bed.follow('docs/registries.md', 'keg docker package shop -t v1   #')
    await bed.follow('docs/registries.md', 'keg docker package shop -t v1 --via engine')
  })

  it('removing old packages', async () => {
    await bed.container()
    const made = await bed.type(`keg docker package ${bed.shop} -t ${bed.shop}:feature-x --no-push --yes`)
    expect(made.code, made.output).to.equal(0)
    await bed.follow(PACKAGES, 'keg docker package prune shop')
    expect((await bed.type(`keg docker package list ${bed.shop}:feature-x`)).output).to.include('no package')
  })

  it('a registry that refuses the login', async () => {
    await bed.container([], bed.named('web'))
    const auth = Buffer.from('keg:wrong').toString('base64')
    const config = join(bed.environment.DOCKER_CONFIG ?? '', 'config.json')
    await writeFile(config, JSON.stringify({auths: {[privateRegistry]: {auth}}}))
    const instead = {'ghcr.io': privateRegistry, '~': join(config, '../..')}
    await bed.follow('docs/registries.md', '$ keg docker package web', {instead, exits: {keg: 1}})
    await writeFile(config, '{}\n')
  })

  it('running a package', async () => {
    await bed.container(['--cap-add', 'NET_ADMIN', '--device', '/dev/full'])
    await bed.type(`keg docker package ${bed.shop} -t v1`)
    await bed.follow('src/commands/docker/README.md', 'keg docker package ', {
      until: {'keg docker package run': /Started/},
    })
    await bed.follow(RUNNING, 'keg docker package run ghcr.io/acme/shop', {until: {keg: /Started/}})
    const instead = {'/dev/kvm': '/dev/full'}
    await bed.follow(RUNNING, '$ keg docker package run ghcr.io/acme/shop:v1\nNot', {instead, until: {keg: /Started/}})
  })

  it('running a package beside other containers', async () => {
    await bed.container()
    await bed.type(`keg docker package ${bed.shop} -t v1`)
    const label = `--label ${bed.taps.sandbox.label}`
    const instead = {
      'docker network create': `docker network create ${label}`,
      review: bed.named('review-of-shop'),
      'postgres:17': bed.taps.baseImage,
      'docker run -d': `docker run -d ${label}`,
    }
    await bed.follow(RUNNING, 'docker network create', {instead, until: {keg: /Started/}})
  })

  it('a package as one file, and another with only what is new', async () => {
    await bed.container()
    await bed.follow(PACKAGES, 'keg docker package shop -t v1 --output shop.tar', {
      until: {'keg docker package run': /Started/},
    })
    await bed.follow(PACKAGES, 'keg docker package shop -t v1 --output first.tar')
    const size = async (file: string): Promise<number> => (await stat(join(bed.folder, file))).size
    expect(await size('second.tar')).to.be.below((await size('first.tar')) / 10)
  })

  it('the layers of a package, and one that is made while its container is paused', async () => {
    await bed.container(['-v', '/app'])
    await bed.type(`docker exec ${bed.shop} dd if=/dev/urandom of=/app/large bs=1M count=9`)
    await bed.type(`keg docker package ${bed.shop} -t v1`)
    // The engine may have an older one of that name.
    await bed.type(`docker rmi --force ${bed.registry}/${bed.shop}:v1`)
    const output = await bed.follow(PACKAGES, 'keg docker package inspect ghcr.io/acme/shop:v1    #')
    expect(output).to.match(/Mount +\/app: volume in 3 layers, in the package/)
    const streamed = await bed.follow(PACKAGES, 'keg docker package shop --pause stream')
    expect(streamed).to.match(/paused until everything is sent/)
  })

  it('a package that goes straight into the registry', async () => {
    await bed.container()
    const output = await bed.follow(PACKAGES, 'keg docker package shop              #')
    expect(output.match(/^It is in the registry, and not in this engine\.$/gm)).to.have.lengthOf(1)
  })

  it('a package that goes through the engine', async () => {
    await bed.container()
    await bed.follow(PACKAGES, '$ keg docker package shop --via engine')
  })

  it('running a package that starts slowly', async () => {
    const image = uniqueName('slow')
    const health = 'HEALTHCHECK --interval=1s --retries=100 CMD echo connection refused; exit 1'
    const command = `CMD ["sh", "-c", "echo 'copying 40,000 products ...'; exec sleep 1000"]`
    await bed.taps.sandbox.imageFromFiles(image, [], {from: bed.taps.baseImage, instructions: [health, command]})
    await bed.taps.sandbox.run(['--name', bed.shop, image])
    await bed.type(`keg docker package ${bed.shop} -t v1 --replace-tag`)
    await bed.follow(RUNNING, '$ keg docker package run ghcr.io/acme/shop:v1 -d --wait', {exits: {keg: 1}})
  })
})
