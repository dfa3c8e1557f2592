/** A compose project that writes all the time: an app with its database, a worker that shares a volume, and a migration. */
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {baseImage, docker, type Sandbox} from '../../support/docker.js'

export const SECRET = 'a-secret-of-the-shop'
export const SETTINGS = 'colour=green'

const wait = 'trap "exit 0" TERM;'

/** The database appends a row, writes it to the disk, and only then says so. */
const insert = 'read row; echo "$row" >>/data/rows; sync; echo stored'
const database = `${wait} printf '#!/bin/sh\\n${insert}\\n' >/insert; chmod +x /insert; touch /data/rows; nc -ll -p 5432 -e /insert & wait`

/** The app sends row after row, and counts what was stored. */
const app = [
  `${wait} n=$(cat /state/stored 2>/dev/null || echo 0); httpd -p 8080 -h /www;`,
  'while true; do',
  'test "$(echo $((n + 1)) | nc -w 5 data.base 5432)" = stored && n=$((n + 1)) && echo $n >/state/next && mv /state/next /state/stored;',
  'sleep 0.05; done & wait',
].join(' ')

const worker = `${wait} while true; do echo "$(hostname)" >>/shared/seen; sleep 0.2; done & wait`
const migrate = 'echo migrated | tee -a /files/seen'

/** Compose reads `$` as the beginning of a variable. */
const command = (script: string): string[] => ['sh', '-c', script.replaceAll('$', '$$$$')]

export class ComposeShop {
  private constructor(
    readonly project: string,
    readonly folder: string,
  ) {}

  /** Starts it, in a folder of the sandbox. @param project its name */
  static async start(sandbox: Sandbox, project: string): Promise<ComposeShop> {
    const folder = await sandbox.temporaryFolder('shop')
    await mkdir(join(folder, 'config'))
    await writeFile(join(folder, 'config', 'settings'), SETTINGS)
    await writeFile(join(folder, 'token.txt'), SECRET)
    const service = {image: baseImage, pull_policy: 'never', stop_grace_period: '1s'}
    const model = {
      name: project,
      services: {
        app: {
          ...service,
          command: command(app),
          configs: [{source: 'settings', target: '/settings'}],
          depends_on: {
            db: {condition: 'service_healthy'},
            migrate: {condition: 'service_completed_successfully'},
          },
          environment: {MODE: 'shop'},
          hostname: 'front',
          networks: ['default'],
          ports: ['127.0.0.1::8080'],
          secrets: ['token'],
          volumes: ['files:/files', 'state:/state'],
        },
        db: {
          ...service,
          command: command(database),
          healthcheck: {test: ['CMD', 'test', '-e', '/data/rows'], interval: '300ms', retries: 50},
          networks: {default: {aliases: ['data.base']}},
          volumes: ['data:/data'],
        },
        migrate: {...service, command: command(migrate), volumes: ['files:/files']},
        worker: {...service, command: command(worker), deploy: {replicas: 2}, volumes: ['files:/shared']},
      },
      configs: {settings: {file: './config/settings'}},
      secrets: {token: {file: './token.txt'}},
      volumes: {data: {}, files: {}, state: {}},
    }
    await writeFile(join(folder, 'compose.yaml'), JSON.stringify(model))
    const shop = new ComposeShop(project, folder)
    await shop.compose('up', '--detach')
    await docker(['exec', shop.container('app'), 'sh', '-c', 'mkdir -p /www && echo page >/www/index.html'])
    await shop.untilRows(3)
    return shop
  }

  compose(...words: string[]): Promise<string> {
    return docker(['compose', '--project-name', this.project, '--file', join(this.folder, 'compose.yaml'), ...words])
  }

  container(service: string): string {
    return `${this.project}-${service}-1`
  }

  /** Waits until the app has stored so many rows. */
  async untilRows(count: number): Promise<void> {
    for (let tries = 0; ; tries++) {
      const stored = await storedRows(this.container('app'))
      if (stored >= count) return
      if (tries > 100) throw new Error(`the app stored only ${stored} rows`)
      await sleep(200)
    }
  }

  async end(): Promise<void> {
    await this.compose('down', '--timeout', '0', '--volumes', '--remove-orphans')
  }
}

/** How many rows an app says are stored. */
export async function storedRows(container: string): Promise<number> {
  return Number(await docker(['exec', container, 'sh', '-c', 'cat /state/stored 2>/dev/null || echo 0']))
}
