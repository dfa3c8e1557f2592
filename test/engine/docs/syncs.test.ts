import {expect} from 'chai'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {docker} from '../../support/docker.js'
import {exampleOf} from '../../support/pages.js'
import {PageBed} from './page-bed.js'

const CONFIGURATION = 'docs/configuration.md'

describe('the examples of the README and the pages on syncs and configuration @containerd', function () {
  this.timeout(120_000)
  let bed: PageBed
  before(async () => {
    bed = await PageBed.start()
    bed.environment.EDITOR = 'cat'
  })
  after(async () => bed.stop())
  afterEach(async () => {
    await bed.type(
      `keg sync terminate --all --yes; docker rm --force --volumes $(docker ps --all --quiet --filter label=${bed.taps.sandbox.label})`,
    )
  })

  it('the life of a sync', async () => {
    await bed.container(['--workdir', '/app'])
    const instead = {'/srv/app': '/app'}
    await bed.follow('docs/syncing.md', 'keg plugins install @keg/sync', {
      ...{instead, without: ['keg plugins'], until: {'keg sync monitor': /watching|Watching/}},
    })
    expect(await docker(['exec', bed.shop, 'cat', '/app/file.txt'])).to.equal('first')
    await bed.type(`docker rename ${bed.shop} ${bed.named('web')}`)
    await bed.follow('src/commands/sync/README.md', 'keg sync create web')
  })

  it('a conflict', async () => {
    await bed.container()
    await bed.type(`keg sync create ${bed.shop} --local . --remote /app && keg sync pause ${bed.shop}`)
    for (const file of ['src/app.js', 'src/page.js']) {
      await mkdir(join(bed.folder, 'src'), {recursive: true})
      await writeFile(join(bed.folder, file), 'here\n')
      await docker(['exec', bed.shop, 'sh', '-c', `mkdir -p /app/src && echo there >/app/${file}`])
    }
    await bed.type(`keg sync resume ${bed.shop}; keg sync flush ${bed.shop}`)
    // At a terminal, keg would ask.
    await bed.follow('docs/syncing.md', 'keg sync resolve src/app.js', {
      instead: {'--keep folder': '--keep folder --yes'},
    })
    expect(await docker(['exec', bed.shop, 'cat', '/app/src/app.js', '/app/src/page.js'])).to.equal('here\nthere')
  })

  it('the main job', async () => {
    await bed.container(['--workdir', '/app'], `${bed.shop}-dev`)
    const without = ['keg docker package run', 'docker run']
    const output = await bed.follow('README.md', 'cd shop', {folder: join(bed.folder, '..'), without})
    expect(output).to.match(/keg docker package run \S+@sha256:/)
  })

  it('the user configuration', async () => {
    const home = bed.environment.HOME ?? ''
    await bed.follow(CONFIGURATION, 'keg config set registry')
    const file = join(home, '.config/keg/config.yml')
    await mkdir(join(home, '.config/keg/taps'), {recursive: true})
    await writeFile(file, bed.named(exampleOf(CONFIGURATION, 'version: 1').text))
    expect((await bed.type('keg config get paths.core')).output).to.equal(`${home}/work/core\n`)
    await writeFile(join(home, `.config/keg/taps/${bed.shop}.yml`), exampleOf(CONFIGURATION, 'env:').text)
    await bed.type(`mkdir container && touch container/Dockerfile && keg tap link . --name ${bed.shop}`)
    expect((await bed.type(`keg tap env ${bed.shop} KEG_PROXY_PORT`)).output).to.include('9000')
    await writeFile(file, `registry: https://ghcr.io/acme\ntaps:\n  ${bed.shop}: {path: /home/ada/code/${bed.shop}}\n`)
    await bed.follow(CONFIGURATION, '$ keg config list', {
      // keg's own example of a registry has this name.
      instead: {'/home/ada/.config': join(home, '.config'), 'ghcr.io/acme': 'ghcr.io/acme'},
    })
  })
})
