import {expect} from 'chai'
import {parseLibraryLine} from '../../../scripts/setup/debian-program.js'

describe('parseLibraryLine', () => {
  it('reads where a library is, or that it is missing', () => {
    expect(parseLibraryLine('\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f27bdf9d000)')).to.deep.equal({
      name: 'libm.so.6',
      path: '/lib/x86_64-linux-gnu/libm.so.6',
    })
    expect(parseLibraryLine('\tlibgpgme.so.11 => not found')).to.deep.equal({name: 'libgpgme.so.11', path: undefined})
  })

  it('reads the path of the loader, which has no name', () => {
    expect(parseLibraryLine('\t/lib64/ld-linux-x86-64.so.2 (0x00007f27be33d000)')).to.deep.equal({
      name: '/lib64/ld-linux-x86-64.so.2',
      path: '/lib64/ld-linux-x86-64.so.2',
    })
  })

  it('takes nothing else', () => {
    for (const line of ['', '\tlinux-vdso.so.1 (0x00007f27be33b000)', '/usr/bin/skopeo:', '\tstatically linked'])
      expect(parseLibraryLine(line)).to.equal(undefined)
  })
})
