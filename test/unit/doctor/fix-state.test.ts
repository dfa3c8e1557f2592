import {expect} from 'chai'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {readContainerState, rememberContainer} from '../../../src/lib/container/container-state.js'
import {stateFixes} from '../../../src/lib/doctor/fix-state.js'
import type {Engine} from '../../../src/lib/engine/engine.js'
import {engineWith} from '../container/example-engine.js'

const [LIVING, GONE] = ['1'.repeat(64), '2'.repeat(64)] as const

describe('stateFixes', () => {
  it('removes the state of containers that no longer exist, and no other', async () => {
    const home = mkdtempSync(join(tmpdir(), 'keg-test-fix-state-'))
    try {
      const environment = {XDG_STATE_HOME: home}
      for (const [Id, Name] of [
        [LIVING, '/shop-main'],
        [GONE, '/shop-old'],
      ] as const)
        await rememberContainer({engine: engineWith([LIVING, GONE]), environment}, {Id, Name}, {})
      const engine = engineWith([LIVING]) as Engine
      const fixes = await stateFixes({engine, environment})
      const text = 'remove the state of shop-old, a container that no longer exists'
      expect(fixes.map((fix) => fix.text)).to.deep.equal([text])
      for (const fix of fixes) await fix.apply()
      expect(await readContainerState(GONE, environment)).to.equal(undefined)
      expect(await readContainerState(LIVING, environment)).to.have.property('name', 'shop-main')
      expect(await stateFixes({engine, environment})).to.deep.equal([])
    } finally {
      rmSync(home, {force: true, recursive: true})
    }
  })
})
