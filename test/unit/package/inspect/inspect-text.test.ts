import {expect} from 'chai'
import type {InspectResult} from '../../../../src/lib/package/inspect/inspect-package.js'
import {inspectText} from '../../../../src/lib/package/inspect/inspect-text.js'
import {columnsOf} from '../../../../src/lib/terminal/columns.js'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
const now = new Date('2026-11-29T10:00:00Z')

const shop: InspectResult = {
  reference: 'ghcr.io/acme/shop:feature-x-k0123456789',
  readFrom: 'engine',
  image: digest,
  digest,
  platform: 'linux/arm64/v8',
  layers: 3,
  bytes: 12_300_000,
  compressedBytes: null,
  mountBytes: {'sha256:data': 2_100_000},
  entrypoint: [],
  command: ['sh', '-c', 'exec serve'],
  user: 'www-data',
  workingDirectory: '/srv',
  ports: ['8080/tcp', '9000/udp'],
  without: null,
  environment: ['PATH', 'NODE_ENV'],
  schema: '1',
  run: 'abc',
  created: '2026-11-29T07:00:00.000Z',
  author: 'Ada 日本語',
  container: 'shop/app',
  service: null,
  message: 'See the\nlogin page\n',
  branch: 'feature/x',
  commit: '0123456789'.repeat(4),
  dirty: true,
  source: null,
  version: 'feature-x-k0123456789',
  base: {name: 'alpine:3', digest},
  mounts: [
    {path: '/data', type: 'volume', layer: 'sha256:data'},
    {path: '/cache', type: 'tmpfs', layer: 'sha256:cache', empty: true},
  ],
  entries: digest,
  config: digest,
  agentFiles: {layer: null, paths: ['/srv/.mutagen']},
  excluded: {paths: ['/root/.ssh'], count: 3, environment: ['TOKEN']},
  replaced: ['/conf'],
  writers: [{container: 'worker', mounts: ['/data']}],
  synced: null,
  settings: {init: true, shmSize: 67_108_864},
  invalid: [{label: 'com.keg.package.dirty', value: 'may\u001bbe'}],
}

describe('text of an inspected package', () => {
  it('says that it was read from the registry, which knows only its compressed size', () => {
    const remote = {...shop, readFrom: 'registry', bytes: null, compressedBytes: 4_200_000, mountBytes: {}} as const
    const text = inspectText(remote, {now, width: undefined})
    expect(text).to.match(/^ {2}Read from +the registry$/m)
    expect(text).to.match(/^ {2}Size +4\.2 MB, compressed, in 3 layers$/m)
    expect(text).to.match(/^ {2}Mount +\/data: volume, in the package$/m)
    expect(inspectText(shop, {now, width: undefined})).not.to.include('Read from')
  })

  it('shows a mount of several layers once, with its size if all are known', () => {
    const mounts = ['sha256:data', 'sha256:more'].map((layer) => ({path: '/data', type: 'volume', layer}))
    const textWith = (mountBytes: InspectResult['mountBytes']): string =>
      inspectText({...shop, mounts, mountBytes}, {now, width: undefined})
    const all = textWith({'sha256:data': 2_000_000, 'sha256:more': 500_000})
    expect(all.match(/Mount .*/g)).to.deep.equal(['Mount         /data: volume, 2.5 MB in 2 layers, in the package'])
    expect(textWith({'sha256:data': 1})).to.match(/Mount +\/data: volume in 2 layers, in the package/)
  })

  it('says what a file leaves out, whatever name it gives that', () => {
    const without = {reference: 'shop:\u001bone', layers: 2}
    const text = inspectText({...shop, without}, {now, width: undefined})
    expect(text).to.match(/^ {2}Left out {6}2 layers of shop:\?one, which an engine must have to run it$/m)
    expect(inspectText({...shop, without: {reference: null, layers: 1}}, {now, width: undefined})).to.include(
      '1 layer of another image',
    )
  })

  it('describes in sections what it is, its contents, how it runs and how it was made', () => {
    expect(inspectText(shop, {now, width: undefined}).split('\n')).to.deep.equal([
      'What it is',
      '  Reference     ghcr.io/acme/shop:feature-x-k0123456789',
      `  Digest        ${digest}`,
      '  Branch        feature/x',
      `  Commit        ${'0123456789'.repeat(4)}, with uncommitted changes`,
      '  Author        Ada 日本語',
      '  Created       3 hours ago (2026-11-29T07:00:00.000Z)',
      '  Message       See the',
      '                login page',
      '  Base          alpine:3',
      `  Base digest   ${digest}`,
      '',
      'What is in it',
      '  Size          12.3 MB in 3 layers',
      '  Platform      linux/arm64/v8',
      '  Mount         /data: volume, 2.1 MB, in the package',
      '  Mount         /cache: tmpfs, empty, because it was excluded',
      '  Excluded      /srv/.mutagen: a file of a sync',
      '  Excluded      /root/.ssh: by a flag or .kegignore',
      '  Excluded      2 more paths: by a flag or .kegignore',
      '  Excluded      the variable TOKEN',
      '  Replaced      /conf: its new source, not what the container had',
      '  Unsure        /data: worker ran while it was read, and may have written to it',
      '',
      'How it runs',
      "  Command       sh -c 'exec serve'",
      '  User          www-data',
      '  Folder        /srv',
      '  Ports         8080/tcp, 9000/udp',
      '  Variables     PATH, NODE_ENV',
      '  Was run with  --init',
      '                --shm-size 64m',
      '',
      'How it was made',
      '  Container     shop/app',
      '  Tag           feature-x-k0123456789',
      `  Image         ${digest}`,
      `  File list     ${digest}`,
      `  Settings      ${digest}`,
      '  Run of keg    abc',
      '  Schema        1',
      '',
      'Invalid labels',
      '  Invalid       com.keg.package.dirty: may?be',
    ])
  })

  it('fits 40 columns, and in 80 prints digests whole for copying', () => {
    for (const width of [40, 80])
      for (const line of inspectText(shop, {now, width}).split('\n')) expect(columnsOf(line), line).to.be.at.most(width)
    expect(inspectText(shop, {now, width: 80}).split('\n')).to.include(`    ${digest}`)
  })

  it('leaves out unknown values', () => {
    const bare = {
      ...shop,
      author: null,
      branch: null,
      commit: null,
      mounts: null,
      settings: null,
      invalid: [],
      user: '',
    }
    const text = inspectText(bare, {now, width: undefined})
    expect(text).not.to.match(/Author|Branch|Commit|Mount|Was run|User|Invalid|null/)
  })
})
