import {expect} from 'chai'
import {observed} from '../../../../src/lib/sync/observe-syncs.js'
import {proxyUrl} from '../../../../src/lib/tap/status/proxy-url.js'
import {overviewTable, statusText} from '../../../../src/lib/tap/status/status-text.js'
import {containerStatus, type TapStatus} from '../../../../src/lib/tap/status/tap-status.js'
import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import {session} from '../../sync/example-session.js'
import {exampleContainer, TAP_LABELS} from '../example-container.js'

describe('tap status', () => {
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

  it('describes each container in docker’s terms', () => {
    expect(containerStatus(app({NetworkSettings: ports}), tap, engine)).to.deep.equal({
      id: 'c0ffee'.padEnd(64, '0'),
      name: 'shop-main',
      service: 'app',
      main: true,
      branch: 'main',
      current: true,
      state: 'running',
      exitCode: null,
      app: null,
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

  it('is restarting, without a URL, in the moments between two crashes too', () => {
    const state = {Status: 'running', Running: true, Paused: false, Restarting: false, ExitCode: 0}
    const seen = (StartedAt: string, RestartCount = 4) =>
      containerStatus(app({NetworkSettings: ports, RestartCount, State: {...state, StartedAt}}), tap, engine, 'running')
    const now = new Date().toISOString()
    expect(seen(now)).to.deep.include({state: 'restarting', exitCode: null, startedAt: null, ports: [], url: null})
    expect(seen(now, 0)).to.include({state: 'running', startedAt: now})
    expect(seen('2026-01-02T03:04:05Z')).to.include({state: 'running', url: 'http://127.0.0.1:8081'})
  })

  it('is idle, without a URL, if only the app has stopped', () => {
    const idle = containerStatus(app({NetworkSettings: ports}), tap, engine, 'idle')
    expect(idle).to.include({state: 'running', app: 'idle', url: null})
    const text = statusText({...status, containers: [idle]}, {now, width: undefined})
    expect(text)
      .to.match(/shop-main +idle /)
      .and.not.match(/running|127\.0\.0\.1/)
    expect(text).to.include(
      'The app in shop-main has stopped, and its container is idle. Start it with: keg tap start shop',
    )
  })

  it('has the proxy’s URL if a label contains it', () => {
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
    trouble: null,
    containers: [],
    wantedImage: null,
    syncs: [],
    elsewhere: [],
  }

  it('prints containers, syncs, and those of other branches and folders', () => {
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
      '  keg tap start shop would use the current shop:develop, which is another image.',
      '  sync shop (/home/me/shop -> /app) in sync, two-way-safe',
      '  sync old (/home/me/shop -> /app) in sync, two-way-safe: other branch, see keg sync status old',
      'Of other branches:',
      '  SERVICE  CONTAINER     STATE    UP   BRANCH   URL  IMAGE',
      '  app      shop-feature  running  2 h  feature  -    shop:develop',
      'In other folders:',
      '  shop-x (running, branch x) of /home/me/shop-x',
      '  shop-y (exited) of /home/me/shop-y, which does not exist on this machine; remove it with: docker rm -f shop-y',
    ])
  })

  it('says if nothing runs', () => {
    expect(statusText(status, {now, width: 80})).to.equal(
      'shop in /home/me/shop, branch main\n  No container is running. Start it with: keg tap start shop',
    )
  })

  it('says where to go on if the folder is missing, with its containers of any branch', () => {
    const containers = [{...containerStatus(app(), tap, engine), current: false}]
    const text = statusText({...status, branch: null, folderExists: false, containers}, {now, width: undefined})
    expect(text.split('\n').slice(0, 3)).to.deep.equal([
      'shop in /home/me/shop, which is gone',
      '  Link its new folder with: keg tap link PATH --name shop, or unlink it with: keg tap unlink shop',
      'Of any branch:',
    ])
    expect(text).not.to.include('tap start')
  })

  it('has one line per tap for all taps', () => {
    const short = {
      tap: 'shop',
      folder: '/home/me/shop',
      folderExists: true,
      branch: 'main',
      trouble: null,
      app: null,
      containers: 1,
    }
    const trouble = {code: 'repository-refused', message: 'git refuses it.', hint: 'Trust it.'}
    const nothing = {container: null, state: null, health: null, url: null, syncs: []}
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
      {...short, tap: 'bad', branch: null, trouble, ...nothing},
      {...short, tap: 'old', folderExists: false, container: null, state: null, health: null, url: null, syncs: []},
    ]
    const idle = {
      ...short,
      ...nothing,
      container: 'shop-main',
      state: 'running',
      app: 'idle',
      health: 'healthy',
    } as const
    expect(overviewTable([idle], undefined)).to.match(/\nshop +main +idle +- +- /)
    expect(overviewTable(taps, undefined).split('\n')).to.deep.equal([
      'TAP    BRANCH   STATE             SYNC     URL                    FOLDER',
      'shop   main     running, healthy  in sync  http://127.0.0.1:8081  /home/me/shop',
      'board  -        not started       -        -                      /home/me/shop',
      'bad    unknown  unknown           -        -                      /home/me/shop',
      'old    main     folder is gone    -        -                      /home/me/shop',
      'bad: git refuses it. Trust it.',
    ])
  })
})
