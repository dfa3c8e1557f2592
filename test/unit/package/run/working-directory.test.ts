import {expect} from 'chai'
import {RefusedError} from '../../../../src/lib/error/keg-error.js'
import {checkWorkingDirectory} from '../../../../src/lib/package/run/working-directory.js'

describe('checkWorkingDirectory', () => {
  const refused = [
    '/proc',
    '/proc/self/fd/8',
    '//proc/self/fd/8',
    '/app/../proc/self/fd/7',
    '../proc/self/fd/7',
    '/dev/fd/8',
    '/dev/stdin',
    '/./proc/1',
  ]
  for (const WorkingDir of refused)
    it(`refuses ${WorkingDir}`, () => {
      expect(() => checkWorkingDirectory({Config: {WorkingDir}}))
        .to.throw(RefusedError)
        .with.property('code', 'working-directory-refused')
    })

  for (const WorkingDir of ['', '/', '/app', '/process', '/srv/proc', '/dev', '/dev/fdisk'])
    it(`accepts ${JSON.stringify(WorkingDir)}`, () =>
      expect(() => checkWorkingDirectory({Config: {WorkingDir}})).not.to.throw())
})
