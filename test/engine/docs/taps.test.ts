import {expect} from 'chai'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {docker} from '../../support/docker.js'
import {exampleOf} from '../../support/pages.js'
import {PageBed} from './page-bed.js'

const FOLDER = 'docs/tap-folder.md'
const TAPS = 'docs/taps.md'
const RUNS = /https?:\/\/127\.0\.0\.1/

/** The files that the page on a tap's folder shows, with their beginnings. */
const FILES = {
  'tap.json': '{"keg"',
  'container/values.yml': 'env:\n  KEG_BASE_IMAGE',
  'container/docker-compose.yml': 'services:',
  'container/mutagen.yml': 'sync:',
  'container/Dockerfile': 'ARG KEG_BASE_IMAGE',
  'container/run.sh': '#!/bin/sh',
}

describe('the examples of the pages on taps @classic', function () {
  this.timeout(120_000)
  let bed: PageBed
  let folder: string
  /** For what the pages use and a machine without a hub or npm does not have. */
  let instead: Record<string, string>
  let container: string

  before(async () => {
    bed = await PageBed.start()
    const home = bed.environment.HOME ?? ''
    folder = join(home, 'code', bed.shop)
    instead = {
      ...{'node:22': bed.taps.baseImage, 'postgres:17': bed.taps.baseImage, '/home/ada': home},
      ...{
        'npm start -- --port': 'echo Server listens at port 3000; exec httpd -f -p',
        'npm run build': 'true',
        'yarn outdated': 'true',
      },
    }
    bed.environment.EDITOR = 'cat'
    bed.taps.addTap({name: bed.shop, folder, repository: bed.shop})
    for (const [file, beginning] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, file)), {recursive: true})
      await writeFile(join(folder, file), bed.named(exampleOf(FOLDER, beginning).text, instead))
    }
    await bed.type(
      'git init --quiet && git add . && git commit --quiet --message First && git branch feature/search && git switch --quiet --create redesign',
      {folder},
    )
    container = `${bed.shop}-redesign`
  })
  after(async () => bed.stop())

  it('the files of a tap', async () => {
    const {code, output} = await bed.type(`keg tap validate ${folder} --strict`)
    expect(code, output).to.equal(0)
    const tree = exampleOf(FOLDER, 'shop/').text
    for (const file of Object.keys(FILES)) expect(tree).to.include(file.replace('container/', ''))
    for (const [page, beginning, file] of [
      ['docs/compose.md', '# container/docker-compose.yml', 'docker-compose.yml'],
      [TAPS, 'env:\n  DOC_CORE_PATH', 'values.yml'],
    ] as const) {
      await writeFile(join(folder, 'container', file), bed.named(exampleOf(page, beginning).text, instead))
      const other = await bed.type(`keg tap validate ${folder}`)
      expect(other.code, other.output).to.equal(0)
    }
    await bed.type('git checkout --quiet .', {folder})
    for (const file of ['mutagen.yml', 'values.yml'])
      await change(`container/${file}`, (text) =>
        text.replace('two-way-safe', 'one-way-replic').replace('PORT: ', 'PROT: '),
      )
    await bed.type(`keg tap link ${folder}`)
    await bed.follow(FOLDER, '$ keg tap validate shop', {instead, exits: {keg: 1}})
    await bed.type('git checkout --quiet . && keg tap unlink .', {folder})
  })

  it('from the link to the first package', async () => {
    await bed.type(
      `docker build --quiet --tag ${bed.registry}/${bed.shop}:develop --build-arg KEG_BASE_IMAGE=${bed.taps.baseImage} -f container/Dockerfile . && docker push --quiet ${bed.registry}/${bed.shop}:develop`,
      {folder},
    )
    const options = {folder, without: ['keg plugins'], until: {'keg shop start': RUNS}}
    await bed.follow(TAPS, 'keg plugins install @keg/tap', options)
    await bed.follow('src/commands/tap/README.md', 'keg tap link', options)
  })

  it('its values', async () => {
    const until = {KEG_PROXY_PORT: RUNS, 'keg shop start': RUNS}
    await writeFile(join(folder, 'container/values-production.yml'), 'env:\n  NODE_ENV: production\n')
    await bed.follow(TAPS, 'keg tap env shop --explain', {folder, until})
    const output = await bed.follow('docs/values.md', 'keg tap env shop ', {folder})
    expect(output).to.include('KEG_PROXY_PORT=3000').and.include('container/values.yml')
  })

  it('work in its container', async () => {
    await bed.type(`keg ${bed.shop} start --detach`, {folder})
    await bed.follow(TAPS, 'keg shop shell', {folder, instead, until: {'keg shop logs': /./}})
    await bed.follow(TAPS, '$ keg shop logs --tail 2', {folder, instead})
  })

  it('what only a container has', async () => {
    await docker(['exec', container, 'touch', '/home/node/data.sqlite3'])
    await change('container/docker-compose.yml', (text) =>
      text.replace('environment:', 'hostname: other\n    environment:'),
    )
    await bed.follow(TAPS, '$ keg shop start', {folder, exits: {keg: 3}})
    await docker(['exec', container, 'rm', '/home/node/data.sqlite3'])
    await bed.type('git checkout --quiet .', {folder})
  })

  it('another branch beside it, and an older package', async () => {
    await bed.follow(TAPS, 'git worktree add', {folder, until: {cd: RUNS}})
    await bed.type(`keg ${bed.shop} package -t v1`, {folder})
    await bed.follow(TAPS, 'keg shop start --from', {folder, until: {keg: RUNS}})
  })

  async function change(file: string, edit: (text: string) => string): Promise<void> {
    await writeFile(join(folder, file), edit(await readFile(join(folder, file), 'utf8')))
  }
})
