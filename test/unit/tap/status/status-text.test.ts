import {expect} from 'chai'
import {observed} from '../../../../src/lib/sync/observe-syncs.js'
import {proxyUrl} from '../../../../src/lib/tap/status/proxy-url.js'
import {overviewTable, statusText} from '../../../../src/lib/tap/status/status-text.js'
import {containerStatus, type TapStatus} from '../../../../src/lib/tap/status/tap-status.js'
import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import {session} from '../../sync/example-session.js'
import {exampleContainer, TAP_LABELS} from '../example-container.js'

describe('how a tap is', () => {
  const tap = {name: 'shop', branch: 'main'}
  const engine = {endpoint: {kind: 'socket', path: '/var/run/docker.sock'}} as const
  const now = Date.parse('2026-01-02T05:04:05Z')
  const app = (changes: Partial<ContainerDetails> = {}, labels = {}): ContainerDetails => {
    const container = exampleContainer('shop-main', {...TAP_LABELS, ...labels}, changes)
    const State = {...container.State, StartedAt: '2026-01-02T03:04:05Z', ...changes.State}
    return {...container, State, Config: {...container.Config, Image: 'shop:develop'}}
  }
  const ports = {
    Ports: {'8080/tcp': [{HostIp: '127.0.0.1', HostPort: '8081'}], '53/udp': [{HostIp: '127.0.0.1', HostPort: '5353'}]},
  }

  it('is told of each container in the words of docker', () => {
    expect(containerStatus(app({NetworkSettings: ports}), tap, engine)).to.deep.equal({
      id: 'c0ffee'.padEnd(64, '0'),
      name: 'shop-main',
      service: 'app',
      main: true,
      branch: 'main',
      current: true,
      state: 'running',
      exitCode: null,
      health: null,
      startedAt: '2026-01-02T03:04:05Z',
      image: 'shop:develop',
      imageId: `sha256:${'ab'.repeat(32)}`,
      ports: [
        {container: '53/udp', host: '127.0.0.1:5353'},
        {container: '8080/tcp', host: '127.0.0.1:8081'},
      ],
      url: 'http://127.0.0.1:8081',
    })
    const state = {Status: 'exited', Running: false, Paused: false, Restarting: false, ExitCode: 3}
    expect(containerStatus(app({State: state}), {...tap, branch: 'feature'}, engine)).to.deep.include({
      current: false,
      state: 'exited',
      exitCode: 3,
      startedAt: null,
      ports: [],
      url: null,
    })
  })

  it('has the address of the proxy where a label says it', () => {
    const rule = 'traefik.http.routers.shop-main.rule'
    const labels = {'traefik.enable': 'true', [rule]: 'Host(`shop-main.localhost`)'}
    expect(containerStatus(app({NetworkSettings: ports}, labels), tap, engine).url).to.equal(
      'http://shop-main.localhost',
    )
    expect(proxyUrl({...labels, 'traefik.enable': 'false'})).to.equal(undefined)
    expect(proxyUrl({...labels, [rule]: 'Host(`a b`)'})).to.equal(undefined)
    expect(proxyUrl(undefined)).to.equal(undefined)
  })

  const status: TapStatus = {
    tap: 'shop',
    folder: '/home/me/shop',
    folderExists: true,
    branch: 'main',
    containers: [],
    wantedImage: null,
    syncs: [],
    elsewhere: [],
  }

  it('is shown with containers, syncs, and what there is of other branches and folders', () => {
    const other = containerStatus(app({Name: '/shop-feature'}, {'com.keg.branch': 'feature'}), tap, engine)
    const text = statusText(
      {
        ...status,
        containers: [containerStatus(app({NetworkSettings: ports}), tap, engine), other],
        wantedImage: {reference: 'shop:develop', id: 'sha256:1', differs: true},
        syncs: [observed(session(), 'main', null), observed(session({name: 'old'}), 'main', 'feature')],
        elsewhere: [
          {name: 'shop-x', folder: '/home/me/shop-x', branch: 'x', state: 'running', folderExists: true},
          {name: 'shop-y', folder: '/home/me/shop-y', branch: null, state: 'exited', folderExists: false},
        ],
      },
      {now, width: undefined},
    )
    expect(text.split('\n')).to.deep.equal([
      'shop in /home/me/shop, branch main',
      '  SERVICE  CONTAINER  STATE    UP   BRANCH  URL                    IMAGE',
      '  app      shop-main  running  2 h  main    http://127.0.0.1:8081  shop:develop',
      '  keg tap start would take the shop:develop of now, which is another image.',
      '  sync shop (/home/me/shop -> /app) in sync, two-way-safe',
      '  sync old (/home/me/shop -> /app) in sync, two-way-safe: other branch, see keg sync status old',
      'Of other branches:',
      '  SERVICE  CONTAINER     STATE    UP   BRANCH   URL  IMAGE',
      '  app      shop-feature  running  2 h  feature  -    shop:develop',
      'In other folders:',
      '  shop-x (running, branch x) of /home/me/shop-x',
      '  shop-y (exited) of /home/me/shop-y, which is not on this machine; docker rm -f shop-y removes it',
    ])
  })

  it('says so where nothing runs, and where the folder is gone', () => {
    expect(statusText(status, {now, width: 80})).to.equal(
      'shop in /home/me/shop, branch main\n  No container runs for it: keg tap start shop',
    )
    expect(statusText({...status, branch: null, folderExists: false}, {now, width: 80})).to.match(
      /^shop in \/home\/me\/shop, which is gone\n/,
    )
  })

  it('is a line for each of all taps', () => {
    const short = {tap: 'shop', folder: '/home/me/shop', folderExists: true, branch: 'main', containers: 1}
    const taps = [
      {
        ...short,
        container: 'shop-main',
        state: 'running',
        health: 'healthy',
        url: 'http://127.0.0.1:8081',
        syncs: [observed(session(), 'main', null)],
      },
      {...short, tap: 'board', branch: null, container: null, state: null, health: null, url: null, syncs: []},
      {...short, tap: 'old', folderExists: false, container: null, state: null, health: null, url: null, syncs: []},
    ]
    expect(overviewTable(taps, undefined).split('\n')).to.deep.equal([
      'TAP    BRANCH  STATE             SYNC     URL                    FOLDER',
      'shop   main    running, healthy  in sync  http://127.0.0.1:8081  /home/me/shop',
      'board  -       not started       -        -                      /home/me/shop',
      'old    main    folder is gone    -        -                      /home/me/shop',
    ])
  })
})
