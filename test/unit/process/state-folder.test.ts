import {expect} from 'chai'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {stateFolder} from '../../../src/lib/process/state-folder.js'

describe('stateFolder', () => {
  it('follows the XDG Base Directory Specification', () => {
    expect(stateFolder({HOME: '/home/ada', XDG_STATE_HOME: '/state'})).to.equal('/state/keg')
    expect(stateFolder({HOME: '/home/ada'})).to.equal('/home/ada/.local/state/keg')
  })

  it('is in the home folder if XDG_STATE_HOME is empty or relative', () => {
    for (const XDG_STATE_HOME of ['', 'state'])
      expect(stateFolder({HOME: '/home/ada', XDG_STATE_HOME})).to.equal('/home/ada/.local/state/keg')
    expect(stateFolder({HOME: ''})).to.equal(join(homedir(), '.local/state/keg'))
  })
})
