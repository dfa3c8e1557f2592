import {expect} from 'chai'
import type {Metafile} from 'esbuild'
import {filesOfOtherWings} from '../../../scripts/floors/wings.js'

describe('filesOfOtherWings', () => {
  /** A bundle of one file. @param inputs bytes from each source */
  const bundle = (inputs: Record<string, number>): Pick<Metafile, 'outputs'> => ({
    outputs: {
      'dist/a.js': {
        bytes: 1,
        entryPoint: 'a.ts',
        exports: [],
        imports: [],
        inputs: Object.fromEntries(Object.entries(inputs).map(([file, bytesInOutput]) => [file, {bytesInOutput}])),
      },
    },
  })
  const all = bundle({
    'src/lib/package/a.ts': 1,
    'src/lib/sync/a.ts': 1,
    'src/lib/tap/a.ts': 1,
    'src/lib/doctor/a.ts': 1,
    'src/lib/doctor/left-out.ts': 0,
    'src/lib/container/sync/a.ts': 1,
    'node_modules/yaml/index.js': 1,
  })

  it("finds code of another plugin's services in a plugin; a tap may use those of packages and syncs", () => {
    const [doctor, ofPackage, sync, tap] = ['doctor', 'package', 'sync', 'tap'].map((room) => `src/lib/${room}/a.ts`)
    expect(filesOfOtherWings('', all)).to.deep.equal([ofPackage, sync, tap])
    expect(filesOfOtherWings('src/commands/docker', all)).to.deep.equal([doctor, sync, tap])
    expect(filesOfOtherWings('src/commands/sync', all)).to.deep.equal([doctor, ofPackage, tap])
    expect(filesOfOtherWings('src/commands/tap', all)).to.deep.equal([doctor])
  })

  it('fails for an unknown plugin', () => {
    expect(() => filesOfOtherWings('src/commands/build', all)).to.throw('scripts/floors/wings.js')
  })
})
