import {randomBytes} from 'node:crypto'
import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {expect} from 'chai'
import {docker} from '../../support/docker.js'
import {editPage, page, TapBed} from '../../support/taps.js'
import {pageFile} from '../../support/tap-shapes.js'
import {writeFiles} from '../../support/tree.js'

const serve = ['httpd', '-f', '-p', '8080', '-h', '/app']

/** The compose file at the top of a project without keg's files. */
const composeFile = (web: readonly string[], image: string): string =>
  [
    'services:',
    '  web:',
    ...web.map((line) => `    ${line}`),
    '    ports: ["8080"]',
    '  database:',
    `    image: ${image}`,
    '    volumes: [kept:/kept]',
    'volumes:',
    '  kept: {}',
    '',
  ].join('\n')

describe('a folder of which keg knows only its compose file @containerd', function () {
  this.timeout(120_000)
  let bed: TapBed

  before(async () => {
    bed = await TapBed.start()
  })
  after(async () => bed.stop())

  const shapes: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
    'without a Dockerfile': () => ({
      'compose.yaml': composeFile(
        [`image: ${bed.baseImage}`, 'working_dir: /app', `command: ${JSON.stringify(serve)}`],
        bed.baseImage,
      ),
    }),
    'with a Dockerfile': () => ({
      'compose.yaml': composeFile(['build: .'], bed.baseImage),
      Dockerfile: `FROM ${bed.baseImage}\nWORKDIR /app\nCOPY . .\nCMD ${JSON.stringify(serve)}\n`,
    }),
  }

  /** Creates the project and a tap of it. Returns the tap's name, which is that of the folder. */
  async function project(files: Readonly<Record<string, string>>, words: readonly string[]) {
    const name = `plain-${randomBytes(5).toString('hex')}`
    const folder = join(bed.git.folder, name)
    await mkdir(folder)
    await writeFiles(folder, {...files, [pageFile]: 'A page.\n'})
    bed.git.git(name, 'init', '--quiet', '--initial-branch', 'main')
    bed.git.git(name, 'add', '.')
    bed.git.git(name, 'commit', '--quiet', '--message', 'First')
    const tap = {name, folder, repository: name}
    await bed.kegSucceeds(['tap', ...words], {cwd: folder})
    bed.addTap(tap)
    bed.sandbox.addImage(`${name}:main`)
    return tap
  }

  for (const [shape, files] of Object.entries(shapes))
    for (const words of [['link'], ['new']]) {
      it(`is a tap ${shape}, by keg tap ${words.join(' ')}: it starts, syncs, is packaged and destroyed`, async () => {
        const tap = await project(files(), words)
        const {url} = await bed.startTap(tap)
        expect(await page(url, 'www/')).to.equal('A page.\n')
        await editPage(tap.folder, 'Another page.\n')
        await bed.kegSucceeds(['sync', 'flush'], {cwd: tap.folder})
        expect(await page(url, 'www/')).to.equal('Another page.\n')
        const planned = await bed.kegSucceeds(['tap', 'package', '-t', 'x', '--dry-run', '--json'], {cwd: tap.folder})
        expect(planned.json()).to.include({reference: `${tap.name}:x`})

        const ofProject = ['--filter', `label=com.docker.compose.project=${tap.name}-main`]
        const volumes = () => docker(['volume', 'ls', '--quiet', ...ofProject])
        const volume = `${tap.name}-main_kept`
        expect(await volumes()).to.equal(volume)
        const destroyed = await bed.kegSucceeds(['tap', 'destroy', '--yes'], {cwd: tap.folder})
        expect(destroyed.stderr).to.include(`The volume ${volume} is kept, with its data.`)
        expect(destroyed.stdout).to.include(`Removed ${tap.name}-main\n`).and.not.include('volume')
        expect(await docker(['ps', '--all', '--quiet', ...ofProject])).to.equal('')
        expect(await volumes()).to.equal(volume)

        const dry = await bed.kegSucceeds(['tap', 'destroy', '--volumes', '--dry-run'], {cwd: tap.folder})
        expect(dry.stdout).to.equal(`Would remove volume ${volume}\n`)
        expect(await volumes()).to.equal(volume)
        const removed = await bed.kegSucceeds(['tap', 'destroy', '--volumes', '--yes'], {cwd: tap.folder})
        expect(removed.stderr).to.include(`volume ${volume}, with its data`)
        expect(removed.stdout).to.equal(`Removed volume ${volume}\n`)
        expect(await volumes()).to.equal('')
      })
    }
})
