import {expect} from 'chai'
import {decideSettings} from '../../../../src/lib/package/run/granted-settings.js'

const none = {init: false, tty: false, readOnly: false, writable: [], tmpfs: {}}
const decide = (settings: unknown, labels: Record<string, string> = {}) =>
  decideSettings({Labels: {...labels, 'com.keg.package.run': JSON.stringify(settings)}})

describe('decideSettings', () => {
  it('grants nothing where nothing is said', () => {
    for (const config of [undefined, null, {}, {Labels: null}, {Labels: {}}])
      expect(decideSettings(config)).to.deep.equal({granted: none, refused: []})
  })

  for (const text of ['', '{', '[]', 'null', '7', '"x"', '{"init": "yes", "tty": 1, "tmpfs": [], "capAdd": "ALL"}'])
    it(`passes over what is not of the schema: ${text}`, () => {
      expect(decideSettings({Labels: {'com.keg.package.run': text}})).to.deep.equal({granted: none, refused: []})
    })

  it('grants what gives no right', () => {
    const asked = {
      init: true,
      tty: true,
      readOnly: true,
      shmSize: 128 * 1024 * 1024,
      tmpfs: {'/run': 'rw,size=64m,mode=1777'},
    }
    expect(decide(asked)).to.deep.equal({granted: {...asked, writable: []}, refused: []})
  })

  it('names the rights it does not grant', () => {
    const asked = {
      privileged: true,
      capAdd: ['NET_ADMIN', 'SYS_PTRACE'],
      groupAdd: ['docker'],
      ulimits: [{name: 'nofile', soft: 1, hard: 2}],
    }
    expect(decide(asked)).to.deep.equal({
      granted: none,
      refused: ['privileged', 'capabilities NET_ADMIN, SYS_PTRACE', 'group docker', 'ulimit nofile'],
    })
  })

  for (const shmSize of [-1, 1.5, 1e12, '64m', {}])
    it(`grants no /dev/shm of ${JSON.stringify(shmSize)}`, () => {
      expect(decide({shmSize})).to.deep.equal({granted: none, refused: ['the size of /dev/shm']})
    })

  const wrongTmpfs: readonly [string, unknown][] = [
    ['/', ''],
    ['/proc', ''],
    ['/sys/fs', ''],
    ['/dev/shm', ''],
    ['relative', ''],
    ['/a/../proc', ''],
    ['/a:b', ''],
    ['/a', 'size=4g'],
    ['/a', 'size=99999999m'],
    ['/a', 'size=50%'],
    ['/a', 'dev'],
    ['/a', 'context=x'],
    ['/a', 7],
  ]
  for (const [path, options] of wrongTmpfs)
    it(`grants no tmpfs at ${path} with ${JSON.stringify(options)}`, () => {
      expect(decide({tmpfs: {[path]: options}})).to.deep.equal({granted: none, refused: ['1 tmpfs']})
    })

  it('keeps volumes of a read-only container writable, and only those', () => {
    const layer = `sha256:${'a'.repeat(64)}`
    const mounts = [
      {path: '/data', type: 'volume', layer},
      {path: '/etc/app.conf', type: 'bind', layer},
      {path: '/run', type: 'volume', layer},
    ]
    const labels = {'com.keg.package.schema': '1', 'com.keg.package.mounts': JSON.stringify(mounts)}
    expect(decide({readOnly: true, tmpfs: {'/run': ''}}, labels).granted.writable).to.deep.equal(['/data'])
    expect(decide({readOnly: false}, labels).granted.writable).to.deep.equal([])
  })
})
