import {expect} from 'chai'
import {KegError} from '../../../../src/lib/error/keg-error.js'
import {missingInput, type Prompt} from '../../../../src/lib/terminal/prompt.js'
import {NO_LOSSES} from '../../../../src/lib/tap/containers/losses.js'
import {askStart, shownQuestion} from '../../../../src/lib/tap/start/confirm-start.js'
import type {StartQuestion} from '../../../../src/lib/tap/start/model.js'
import {thrown} from '../../../support/thrown.js'
import {app} from './example-start.js'

/** A prompt that chooses the given value, or no terminal. */
function prompt(answer?: string): Prompt {
  const nobody = () => Promise.reject(missingInput('', ''))
  return {
    isInteractive: answer !== undefined,
    confirm: nobody,
    text: nobody,
    choose: (_question, choices) => {
      const chosen = choices.find(({value}) => value === answer)
      return chosen === undefined ? nobody() : Promise.resolve(chosen.value)
    },
  }
}

describe('askStart', () => {
  const recreate: StartQuestion = {
    kind: 'recreate',
    container: app,
    differences: ['its settings have changed'],
    canStart: true,
    losses: {...NO_LOSSES, lost: ['/a', '/b', '/c', '/d'], reproducible: ['/app/node_modules']},
  }
  const code: StartQuestion = {
    kind: 'code',
    name: 'shop:x',
    origin: {kind: 'other-branch', branch: 'feature/\u001bx', checkedOut: 'main'},
  }

  it('refuses losses without a prompt, naming both flags and how to keep the files', async () => {
    const error = await thrown(askStart(recreate, 'shop', prompt()))
    expect(error).to.be.instanceOf(KegError).and.to.include({code: 'container-changed', exitCode: 3})
    expect(error.message).to.include('4 changes').and.to.include('/a, /b, /c and 1 more')
    expect(error).to.have.property('hint').that.includes('--recreate').and.includes('--no-recreate')
    expect(error).to.have.property('hint').that.includes('keg tap package shop')
    expect(error)
      .to.have.deep.property('data')
      .that.deep.includes({changes: ['/a', '/b', '/c', '/d'], reproducible: ['/app/node_modules']})
  })

  it('does not offer to start what cannot start as it is', async () => {
    const stuck = {...recreate, canStart: false}
    const error = await thrown(askStart(stuck, 'shop', prompt()))
    expect(error)
      .to.have.property('hint')
      .that.matches(/^--recreate recreates it\. /)
    expect(shownQuestion(stuck).flags).to.equal('--recreate')
    expect(await askStart(stuck, 'shop', prompt('recreate'))).to.deep.equal({recreate: 'recreate'})
  })

  it('returns the answer about losses', async () => {
    expect(await askStart(recreate, 'shop', prompt('start'))).to.deep.equal({recreate: 'start'})
    expect(await askStart(recreate, 'shop', prompt('recreate'))).to.deep.equal({recreate: 'recreate'})
    const error = await thrown(askStart(recreate, 'shop', prompt('package')))
    expect(error).to.include({code: 'cancelled'}).and.to.have.property('hint').that.includes('keg tap package shop')
  })

  it('refuses code of another branch without a prompt, and names both flags', async () => {
    const error = await thrown(askStart(code, 'shop', prompt()))
    expect(error).to.be.instanceOf(KegError).and.to.include({code: 'branch-guard', exitCode: 3})
    expect(error.message).to.include('feature/?x').and.to.include('main')
    expect(error).to.have.property('hint').that.includes('--no-sync').and.includes('--force')
  })

  it('returns the answer about code of another branch', async () => {
    expect(await askStart(code, 'shop', prompt('no-sync'))).to.deep.equal({code: 'no-sync'})
    expect(await askStart(code, 'shop', prompt('force'))).to.deep.equal({code: 'force'})
    expect(await thrown(askStart(code, 'shop', prompt('cancel')))).to.include({code: 'cancelled'})
  })
})
