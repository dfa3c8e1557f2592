import {expect} from 'chai'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {docker, uniqueName} from '../../support/docker.js'
import type {KegResult} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {servingTap} from '../../support/tap-shapes.js'
import {page, TapBed, type ShapedTap} from '../../support/taps.js'
import {writeFiles} from '../../support/tree.js'

/** A shell that exits on SIGTERM, which a first process does only with a trap. */
const IDLE = `[sh, -c, "trap 'exit 0' TERM; sleep 1000000 & wait"]`
const CRASH = '[sh, -c, "echo NO-SUCH-SETTING; exit 3"]'

describe('the compose file of a tap @containerd', function () {
  this.timeout(120_000)
  let bed: TapBed
  let shop: ShapedTap

  before(async () => {
    bed = await TapBed.start()
    shop = await bed.tap(servingTap, {files: {'container/docker-compose.yml': 'services: {news: {}}\n'}})
  })
  after(async () => bed.stop())

  const write = (files: Readonly<Record<string, string>>): Promise<void> =>
    writeFiles(
      shop.folder,
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`container/${name}`, text])),
    )
  const start = (words: readonly string[] = []): Promise<KegResult> =>
    bed.keg(['tap', 'start', shop.name, '--no-sync', '--detach', '--json', ...words])
  const errorOf = ({json, stderr}: KegResult) => {
    const {error} = json() as {error?: {code: string; exitCode: number; message: string}}
    if (error === undefined) throw new Error(`no error: ${JSON.stringify(json())} ${stderr}`)
    return error
  }

  it('has the meaning it has for docker compose, or a start says what does not', async () => {
    const image = `image: ${bed.baseImage}`
    await write({
      '.env': "TOKEN_OF_FILE='for $HOME'\n",
      'docker-compose.yml': `version: "3"
include: [included.yml]
services:
  db:
    ${image}
    container_name: ${shop.name}_db
    command: ${IDLE}
    healthcheck: {test: "true", interval: 1s}
  migrate: {${image}, command: [sh, -c, exit 0]}
  news:
    profiles: [dev]
    extends: {file: common.yml, service: base}
    container_name: ${shop.name}_app
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
      never: {condition: service_started, required: false}
    environment: {FROM_FILE: base, NOWHERE: "\${KEG_TEST_NOWHERE}"}
    env_file: [{path: missing.env, required: false}]
    configs: [{source: inline, target: /etc/inline}]
    secrets: [token]
    ports: ["127.0.0.1:${shop.port}:${shop.port}", "127.0.0.2:${shop.port}:${shop.port}"]
    develop: {watch: [{action: sync, path: ., target: /x}]}
  never: {${image}, profiles: [never]}
configs: {inline: {content: "5$$"}}
secrets: {token: {environment: TOKEN_OF_FILE}}
`,
      'docker-compose.override.yml': 'services: {news: {environment: {FROM_FILE: override}}}\n',
      'included.yml': `services:
  worker:
    ${image}
    command: ${IDLE}
    deploy: {replicas: 2}
    depends_on: {never: {condition: service_started, required: false}}
`,
      'common.yml': 'services: {base: {hostname: extended}}\n',
    })
    const {code, json, stderr, stdout} = await start()
    expect(code, stdout + stderr).to.equal(0)
    const {container, ports, warnings} = json() as {container: string; ports: {host: string}[]; warnings: string[]}
    expect(warnings.join('\n'))
      .to.include('The "KEG_TEST_NOWHERE" variable is not set.')
      .and.to.match(/`version` is obsolete/)
      .and.to.include('develop of the service news')
      .and.not.to.include('level=')
    const numbers = ports.map(({host}) => host.replace(/^127\.0\.0\.\d:/, ''))
    expect(new Set(numbers)).to.have.property('size', 1)
    expect(ports.map(({host}) => host.split(':')[0]).sort()).to.deep.equal(['127.0.0.1', '127.0.0.2'])
    const look = `echo "$FROM_FILE"; hostname; cat /etc/inline /run/secrets/token; nslookup ${shop.name}_db 127.0.0.11`
    expect(await docker(['exec', container, 'sh', '-c', look])).to.match(
      new RegExp(
        `^override\nextended\n5\\$\nfor \\$HOME[^]*Name:.*${shop.name}_db[^]*Address`.replace('\n5\\$\n', '\n5\\$'),
      ),
    )
    const names = await bed.containers('{{.Label "com.docker.compose.service"}} {{.State}}')
    expect(names).to.include('news running')
    expect(await composeServices()).to.deep.equal(['db', 'migrate', 'news', 'worker', 'worker'])

    // What compose itself wrote into it is not a change of the container's own.
    await write({
      'docker-compose.override.yml': 'services: {news: {environment: {FROM_FILE: again}}}\n',
      'included.yml': 'volumes: {}\n',
    })
    const again = (await start()).json()
    expect(again, JSON.stringify(again)).to.include({created: true})
    const [, left] = /docker rm --force (.*)$/m.exec((again.warnings as string[]).join('\n')) ?? []
    expect(left?.split(' ')).to.have.length(2)
    await docker(['rm', '--force', ...(left ?? '').split(' ')])
    expect(await composeServices()).to.deep.equal(['db', 'migrate', 'news'])
    expect(await page(`http://127.0.0.2:${numbers[0] ?? ''}`)).to.equal('The news.\n')
    await bed.kegSucceeds(['tap', 'destroy', shop.name, '--yes'])
  })

  it('fails if a service has exited or never becomes healthy, and shows its output', async () => {
    await Promise.all(
      ['.env', 'docker-compose.override.yml'].map((name) => rm(join(shop.folder, 'container', name), {force: true})),
    )
    const store = (more: string): string => `store: {image: ${bed.baseImage}, ${more}}`
    const table: readonly [string, string, RegExp, string][] = [
      [
        'the app over and over',
        `news: {restart: always, command: ${CRASH}}`,
        /keeps restarting.*exit code 3[^]*NO-SUCH/,
        'container-ended',
      ],
      [
        'what it depends on',
        `news: {depends_on: [store]}\n  ${store(`command: ${CRASH}`)}`,
        /of the service store has ended with exit code 3[^]*NO-SUCH/,
        'container-ended',
      ],
      [
        'another service',
        `news: {}\n  ${store(`restart: always, command: ${CRASH}`)}`,
        /service store keeps restarting[^]*NO-SUCH/,
        'container-ended',
      ],
      [
        'what it waits for',
        `news: {depends_on: {store: {condition: service_healthy}}}\n  ${store(`command: ${IDLE}, healthcheck: {test: "echo SICK; false", interval: 1s, retries: 1}`)}`,
        /unhealthy[^]*SICK/,
        'compose-failed',
      ],
    ]
    for (const [what, services, message, code] of table) {
      await write({'docker-compose.yml': `services:\n  ${services}\n`})
      const error = errorOf(await start(['--wait', '2s']))
      expect(error, what).to.include({code, exitCode: 1})
      expect(error.message, what).to.match(message)
      await bed.kegSucceeds(['tap', 'destroy', shop.name, '--yes'])
    }
  })

  it('fails if an app without a command never becomes healthy', async () => {
    const image = await bed.sandbox.imageFromFiles(uniqueName('no-command'), [], {
      from: bed.baseImage,
      instructions: ['CMD []'],
    })
    const sick = `command: ${IDLE}, healthcheck: {test: "echo SICK; false", interval: 1s, retries: 1}`
    const withoutCommand = async (settings: string): Promise<KegResult> => {
      await write({'docker-compose.yml': `services: {news: {working_dir: /made/by/the/engine, ${settings}}}\n`})
      const env = {KEG_IMAGE_FROM: image, KEG_IMAGE_PULL_POLICY: 'never'}
      return bed.keg(['tap', 'start', shop.name, '--no-sync', '--detach', '--json'], {env})
    }
    expect(errorOf(await withoutCommand(sick))).to.include({code: 'unhealthy', exitCode: 1})
    // It has nothing of its own to lose.
    const again = (await withoutCommand(`command: ${IDLE}`)).json()
    expect(again, JSON.stringify(again)).to.include({created: true})
    await bed.kegSucceeds(['tap', 'destroy', shop.name, '--yes'])
  })

  it('says how to create an external network or volume that is missing', async () => {
    const [network, volume] = [bed.sandbox.addNetwork(uniqueName('shared')), uniqueName('shared')]
    await write({
      'docker-compose.yml': `services: {news: {networks: [out], volumes: ["data:/data"]}}
networks: {out: {external: true, name: ${network}}}
volumes: {data: {external: true, name: ${volume}}}
`,
    })
    for (const what of ['network', 'volume']) {
      const failed = await start()
      expect(errorOf(failed)).to.include({code: 'compose-failed', exitCode: 1})
      await runAdvice(failed, `docker ${what} create`, {env: bed.environment})
    }
    expect((await start()).json()).to.include({created: true})
    await bed.kegSucceeds(['tap', 'destroy', shop.name, '--yes'])
    await docker(['volume', 'rm', volume])
  })

  it('recreates what cannot start without its network, asking about changes', async () => {
    const store = `store: {image: ${bed.baseImage}, command: ${IDLE}}`
    await write({'docker-compose.yml': `services:\n  news: {}\n  ${store}\n`})
    const {container} = (await start()).json()
    await docker(['exec', String(container), 'touch', '/kept'])
    await bed.kegSucceeds(['tap', 'stop', shop.name])
    const network = `${shop.name}-main_default`
    await docker(['network', 'rm', network])
    const refused = errorOf(await start())
    expect(refused).to.include({code: 'container-changed', exitCode: 3})
    expect(refused.message).to.include(`its network ${network} is gone`).and.to.include('1 change of its own: /kept')
    const again = (await start(['--recreate'])).json()
    expect(again, JSON.stringify(again)).to.include({created: true})
    expect(await composeServices()).to.deep.equal(['news', 'store'])
    await bed.kegSucceeds(['tap', 'destroy', shop.name, '--yes'])
  })

  async function composeServices(): Promise<string[]> {
    const filter = `label=com.docker.compose.project=${shop.name}-main`
    const format = '{{.Label "com.docker.compose.service"}}'
    return (await docker(['ps', '--all', '--filter', filter, '--format', format])).split('\n').sort()
  }
})
