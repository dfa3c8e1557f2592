import {expect} from 'chai'
import type {ContainerPlan} from '../../../../src/lib/package/run/container-config.js'
import {readDockerFlags} from '../../../../src/lib/package/run/docker-flags.js'
import {withHintEngine} from '../../../../src/lib/terminal/command-line.js'
import {equivalentLine} from '../../../../src/lib/package/run/equivalent-line.js'

const plain: ContainerPlan = {
  image: 'registry.example/app:x',
  imageLabels: {},
  proxyLabels: {},
  name: 'keg-app-x',
  detach: false,
  autoRemove: false,
  isAttached: false,
  command: [],
  entrypoint: undefined,
  variables: [],
  ownVariables: [],
  network: undefined,
  ports: [],
  settings: {init: false, tty: false, readOnly: false, writable: [], tmpfs: {}},
  run: '1',
  owner: {host: 'laptop/1', pid: 7, process: '', user: 'ada', since: '2026-01-01T00:00:00.000Z'},
}
const line = (
  plan: Partial<ContainerPlan>,
  rest: {remove?: boolean; typedVariables?: string[]; files?: string[]} = {},
) =>
  equivalentLine({
    plan: {...plain, ...plan},
    remove: rest.remove ?? false,
    typedVariables: rest.typedVariables ?? [],
    environmentFiles: rest.files ?? [],
  })

describe('equivalentLine', () => {
  it('uses the named engine', () => {
    const goingTo = (...words: string[]) => withHintEngine({args: words}, () => line({}))
    expect(goingTo('--host', 'ssh://ada@build')).to.match(/^docker --host ssh:\/\/ada@build run /)
    expect(goingTo('--context', 'my build')).to.match(/^docker --context 'my build' run /)
  })

  it('is short for a package without settings', () => {
    expect(line({}, {remove: true})).to.equal('docker run --rm --name keg-app-x registry.example/app:x')
  })

  it('puts every option before the image and the command after it', () => {
    const plan = {
      detach: true,
      command: ['sh', '-c', `echo "it's $HOME"`],
      entrypoint: '',
      network: 'team',
      ports: [
        {port: 80, protocol: 'tcp', address: '127.0.0.1', hostPort: '8080', movable: true},
        {port: 53, protocol: 'udp', address: '', hostPort: '53', movable: false},
        {port: 81, protocol: 'tcp', address: '::1', hostPort: '', movable: false},
      ],
      settings: {
        init: true,
        tty: true,
        readOnly: true,
        shmSize: 1024,
        writable: ['/data'],
        tmpfs: {'/run': 'size=1m', '/tmp': ''},
      },
      imageLabels: {'com.docker.compose.project': 'x', 'org.opencontainers.image.title': 'kept'},
    } as const
    expect(line(plan, {typedVariables: ['A=1 2', 'B'], files: ['x.env']})).to.equal(
      'docker run --detach --name keg-app-x --init --tty --read-only --shm-size 1024 --tmpfs /run:size=1m --tmpfs /tmp ' +
        "--volume /data --network team --publish 127.0.0.1:8080:80 --publish 53:53/udp --publish '[::1]::81' " +
        "--env-file x.env --env 'A=1 2' --env B --label com.docker.compose.project= --entrypoint '' " +
        `registry.example/app:x sh -c 'echo "it'\\''s $HOME"'`,
    )
  })

  it("includes the labels of a proxy, which override the image's, and keg's variables for a tap's run script", () => {
    const imageLabels = {'traefik.enable': 'true', 'traefik.http.routers.dev.rule': 'Host(`dev`)'}
    const proxyLabels = {'traefik.enable': 'true', 'traefik.docker.network': 'hub'}
    expect(line({imageLabels, proxyLabels, ownVariables: ['KEG_DOCKER_EXEC=package-run']})).to.equal(
      'docker run --name keg-app-x --env KEG_DOCKER_EXEC=package-run --label traefik.enable=true ' +
        '--label traefik.http.routers.dev.rule= --label traefik.docker.network=hub registry.example/app:x',
    )
  })

  it("includes the granted settings and the user's flags", async () => {
    const settings = {
      ...{init: false, tty: false, readOnly: false, writable: [], tmpfs: {}, interactive: true, hostname: 'shop'},
      ...{extraHosts: ['db:10.0.0.5'], sysctls: {'net.core.somaxconn': '1024'}, capDrop: ['ALL'], capAdd: ['CHOWN']},
      ...{ulimits: [{name: 'nofile', soft: 1, hard: 2}], noNewPrivileges: true, cpus: 0.5, stopTimeout: 3},
    }
    const docker = await readDockerFlags({privileged: true, device: ['/dev/kvm'], workdir: '/a b'}, undefined)
    expect(line({settings, docker})).to.equal(
      'docker run --name keg-app-x --interactive --hostname shop --add-host db:10.0.0.5 --sysctl net.core.somaxconn=1024 ' +
        '--ulimit nofile=1:2 --cap-drop ALL --cap-add CHOWN --security-opt no-new-privileges --cpu-period 100000 ' +
        "--cpu-quota 50000 --stop-timeout 3 --privileged --device /dev/kvm --workdir '/a b' registry.example/app:x",
    )
  })

  it('contains no value from the host that was not typed', () => {
    expect(line({variables: ['TOKEN=secret']}, {typedVariables: ['TOKEN']}))
      .to.include('--env TOKEN ')
      .and.not.include('secret')
  })
})
