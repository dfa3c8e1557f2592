import {expect} from 'chai'
import {exclusionOf, type Exclusion, type MountFacts} from '../../../../src/lib/package/mount/mount-rules.js'

const linux = {home: '/home/ada', folder: '/home/ada/work/app'}
const mac = {home: '/Users/ada', folder: '/Users/ada/work/app'}
const windows = {home: 'C:\\Users\\ada', folder: 'C:\\Users\\ada\\work\\app'}

function bind(source: string, more: Partial<MountFacts> = {}): MountFacts {
  return {type: 'bind', source, destination: '/mnt/here', kind: 'directory', ...more}
}

function reasonOf(exclusion: Exclusion | undefined): string {
  return exclusion?.reason ?? 'goes in'
}

/** Sources of binds, by the reason for excluding them. */
type Table = Record<string, readonly string[]>

function expectAll(surroundings: {home: string | undefined; folder: string | undefined}, table: Table): void {
  for (const [reason, sources] of Object.entries(table))
    for (const source of sources)
      it(`${source}: ${reason}`, () => {
        const exclusion = exclusionOf(bind(source), surroundings)
        expect(reasonOf(exclusion)).to.include(reason)
        if (exclusion !== undefined) expect(exclusion.canBeIncluded).to.equal(true)
      })
}

describe('rule for a bind', () => {
  describe('on Linux', () =>
    expectAll(linux, {
      'goes in': [
        '/home/ada/work/app',
        '/home/ada/work/app/src',
        '/home/ada/work/app/.env',
        '/home/ada/work/app/config/server.key',
        '/home/ada/work/app/.ssh',
        '/home/ada/work/other',
        '/home/ada/data',
        '/home/bob/shared',
        '/srv/data',
        '/opt/tool',
        '/data',
        '/c',
        '/c/project',
        '/tmp/upload',
        '/mnt/disk',
        '/media/ada/stick',
        '/var/www/html',
        '/usr/src/app',
        '/usr/local/src/app',
        '/var/tmp/x',
        '/homework',
        '/etcetera',
        '/rooted',
        '/srv/keys',
        '/srv/tokenizer',
        '/srv/environment',
      ],
      'the whole file system': ['/', '//', '/.', '/srv/..'],
      'a home folder': ['/home/ada', '/home/ada/', '/home/bob', '/root', '/home/ada/work/..'],
      'a dot folder': ['/home/ada/.config', '/home/ada/.cache/x', '/home/bob/.mozilla', '/root/.local/share'],
      'a system folder': [
        '/etc',
        '/etc/nginx',
        '/usr',
        '/usr/share/zoneinfo',
        '/usr/local',
        '/var',
        '/var/lib/docker',
        '/var/log',
        '/proc',
        '/sys/fs/cgroup',
        '/dev',
        '/run/udev',
        '/boot',
        '/lib/modules',
        '/bin',
        '/home',
        '/tmp',
        '/mnt',
        '/media',
        '/srv/../etc',
        '/var/wwwroot',
      ],
      'named like credentials': [
        '/home/ada/.ssh',
        '/home/ada/.ssh/id_ed25519',
        '/home/ada/.aws',
        '/home/ada/.docker/config.json',
        '/home/ada/.kube/config',
        '/home/ada/.gnupg',
        '/home/ada/.netrc',
        '/home/ada/work/_netrc',
        '/home/ada/.npmrc',
        '/home/ada/.pypirc',
        '/home/ada/.git-credentials',
        '/home/ada/.vault-token',
        '/srv/.env',
        '/srv/.env.production',
        '/srv/secrets/db',
        '/srv/secret',
        '/srv/Secrets',
        '/srv/token.txt',
        '/srv/credentials.json',
        '/srv/passwords',
        '/srv/id_rsa',
        '/srv/id_ecdsa.pub',
        '/srv/tls/server.pem',
        '/srv/tls/server.KEY',
        '/srv/store.p12',
        '/srv/store.jks',
        '/srv/all.kdbx',
        '/etc/ssl/private/site.key',
        '/home/ada/work/apparatus/.env',
      ],
    }))

  describe('on a Mac, by its own paths and by those Docker Desktop shows', () => {
    const table: Table = {
      'goes in': [
        '/Users/ada/work/app',
        '/Users/ada/work/app/.env',
        '/Users/ada/work/other',
        '/Volumes/Disk/data',
        '/private/tmp/x',
        '/private/var/folders/zz/T/x',
        '/var/folders/zz/T/x',
      ],
      'a home folder': ['/Users/ada', '/Users/bob', '/var/root'],
      'a dot folder': ['/Users/ada/.config', '/Users/bob/.zsh_history'],
      'a system folder': [
        '/System/Library',
        '/Library/Fonts',
        '/Users',
        '/Volumes',
        '/private',
        '/private/etc',
        '/etc/hosts',
      ],
      'named like credentials': ['/Users/ada/.ssh', '/Users/ada/.aws/config', '/Volumes/Disk/secrets'],
    }
    expectAll(mac, table)
    expectAll(
      mac,
      Object.fromEntries(
        Object.entries(table).map(([reason, sources]) => [reason, sources.map((path) => `/host_mnt${path}`)]),
      ),
    )
    expectAll(mac, {'the whole file system': ['/host_mnt', '/host_mnt/']})
  })

  describe('on Windows, by its own paths and by those Docker Desktop, WSL and Toolbox show', () => {
    const table: Table = {
      'goes in': ['Users/ada/work/app', 'Users/ada/work/app/.env', 'Users/ada/work/other', 'data', 'Windows.old.data'],
      'a home folder': ['Users/ada', 'Users/bob'],
      'a dot folder': ['Users/ada/.config', 'Users/bob/.m2'],
      'a system folder': [
        'Users',
        'Windows',
        'Windows/System32',
        'Program Files/App',
        'Program Files (x86)',
        'ProgramData/x',
      ],
      'named like credentials': ['Users/ada/.ssh', 'data/secrets'],
    }
    const forms = [
      (path: string) => `C:\\${path.replaceAll('/', '\\')}`,
      (path: string) => `c:/${path}`,
      (path: string) => `/c/${path}`,
      (path: string) => `/host_mnt/c/${path}`,
      (path: string) => `/run/desktop/mnt/host/c/${path}`,
    ]
    for (const form of forms)
      expectAll(
        windows,
        Object.fromEntries(
          Object.entries(table).map(([reason, sources]) => [reason, sources.map((path) => form(path))]),
        ),
      )
    expectAll(windows, {
      'the whole file system': [
        'C:\\',
        'D:',
        'c:/',
        '/host_mnt/c',
        '/run/desktop/mnt/host/d',
        '/run/desktop/mnt/host',
        '/mnt/c/',
      ],
      'a home folder': ['/mnt/c/Users/ada'],
      'a dot folder': ['/mnt/c/Users/ada/.config'],
      'a system folder': ['/mnt/c/Users', '/mnt/c/Windows'],
      'goes in': ['/mnt/c/work'],
    })
  })

  describe('with a home folder in an unusual place', () => {
    const unusual = {home: '/data/people/ada/', folder: '/srv/app'}
    expectAll(unusual, {
      'a home folder': ['/data/people/ada'],
      'a folder with a home folder in it': ['/data', '/data/people'],
      'a dot folder': ['/data/people/ada/.config', '/home/bob/.config'],
      'goes in': ['/data/people/ada/work', '/data/people/bob', '/data/peoples', '/srv/app'],
    })
  })

  describe('without a home folder, or with the root for one', () => {
    for (const home of [undefined, '', '/'])
      expectAll(
        {home, folder: undefined},
        {
          'the whole file system': ['/'],
          'a home folder': ['/home/ada', '/root', '/Users/ada'],
          'a dot folder': ['/home/ada/.config'],
          'goes in': ['/srv/data', '/srv/.hidden'],
          'a system folder': ['/etc'],
        },
      )
  })

  describe('includes a project in a system folder', () =>
    expectAll(
      {home: '/root', folder: '/usr/share/app'},
      {'goes in': ['/usr/share/app', '/usr/share/app/x'], 'a system folder': ['/usr/share/application']},
    ))

  describe('ignores a project folder that is the whole file system or a home', () => {
    for (const folder of ['/', '/home', '/home/ada'])
      expectAll(
        {home: '/home/ada', folder},
        {
          'a home folder': ['/home/ada'],
          'named like credentials': ['/home/ada/.ssh'],
          'a dot folder': ['/home/ada/.config'],
          'goes in': ['/home/ada/work'],
        },
      )
    expectAll({home: '/home/ada', folder: '/'}, {'a system folder': ['/etc', '/var/lib']})
  })

  for (const destination of [
    '/run/secrets',
    '/run/secrets/db',
    '/var/run/secrets/kubernetes.io/serviceaccount',
    '/vault/secrets',
  ])
    it(`excludes ${destination} as a secret, whatever its source`, () => {
      for (const type of ['bind', 'volume'])
        for (const source of ['/srv/x', '/home/ada/work/app/secrets/db.txt'])
          expect(exclusionOf(bind(source, {destination, type}), linux)).to.deep.equal({
            reason: 'a secret',
            canBeIncluded: true,
            isSecret: true,
          })
    })

  it('excludes a secret of the compose file, whatever its destination', () => {
    const mount = bind('/home/ada/work/app/db.txt', {destination: '/etc/db', isSecret: true})
    expect(reasonOf(exclusionOf(mount, linux))).to.equal('a secret')
  })

  it('includes a path that only begins like a path of secrets', () => {
    expect(exclusionOf(bind('/srv/x', {destination: '/run/secretsauce'}), linux)).to.equal(undefined)
  })
})

describe('rule for a mount without contents', () => {
  const table: [what: string, mount: MountFacts, reason: string][] = [
    ['a socket', bind('/var/run/docker.sock', {kind: 'socket'}), 'a socket'],
    ['a socket of the project', bind('/home/ada/work/app/s', {kind: 'socket'}), 'a socket'],
    ['a device', bind('/dev/ttyUSB0', {kind: 'device'}), 'a device'],
    ['memory', bind('', {type: 'tmpfs'}), 'tmpfs'],
    ['a named pipe of Windows', bind('\\\\.\\pipe\\docker_engine', {type: 'npipe'}), 'named pipe'],
    ['a socket in a volume', bind('', {type: 'volume', kind: 'socket'}), 'a socket'],
    ['what is not known', bind('', {type: 'cluster'}), 'type cluster'],
  ]
  for (const [what, mount, reason] of table)
    it(`excludes ${what}, and it cannot be included`, () => {
      const exclusion = exclusionOf(mount, linux)
      expect(exclusion?.reason).to.include(reason)
      expect(exclusion?.canBeIncluded).to.equal(false)
    })
})

describe('rule for a volume', () => {
  it('includes it, wherever the engine stores it', () => {
    for (const source of ['/var/lib/docker/volumes/secrets/_data', '', '/'])
      expect(exclusionOf(bind(source, {type: 'volume'}), linux)).to.equal(undefined)
  })
})
