import {expect} from 'chai'
import type {Questions} from '../../../../../src/lib/command/ask.js'
import {missingInput} from '../../../../../src/lib/command/ask.js'
import {KegError} from '../../../../../src/lib/error/keg-error.js'
import {decide, differencesOf, type DecideOptions} from '../../../../../src/lib/tap/start/container/recreate.js'
import {thrown} from '../../../../support/thrown.js'
import {containerWith} from '../../../package/details.js'

/** Somebody who answers with the choice of that name, or nobody. */
function questions(answer?: RegExp): Questions & {readonly asked: string[]} {
  const asked: string[] = []
  const nobody = () => Promise.reject(missingInput('', ''))
  return {
    asked,
    possible: answer !== undefined,
    confirm: nobody,
    text: nobody,
    choose: (question, choices) => {
      asked.push(question)
      const chosen = choices.find(({name}) => answer?.test(name))
      return chosen === undefined ? nobody() : Promise.resolve(chosen.value)
    },
  }
}

const existing = {...containerWith({}), Name: '/shop-main'}

function decided(options: Partial<DecideOptions> & {readonly lost?: readonly string[]} = {}) {
  const {lost = [], ...rest} = options
  return decide({
    existing,
    differences: ['its settings have changed'],
    recreate: undefined,
    ownChanges: () => Promise.resolve(lost),
    tap: 'shop',
    questions: questions(),
    ...rest,
  })
}

describe('whether a container is made anew', () => {
  const unasked = () => Promise.reject(new Error('not to be asked for'))

  it('does not matter where there is none', async () => {
    expect(await decided({existing: undefined, ownChanges: unasked})).to.deep.equal({kind: 'create'})
    expect(await decided({existing: undefined, recreate: true})).to.deep.equal({kind: 'create'})
  })

  it('is no question where nothing differs', async () => {
    expect(await decided({differences: [], ownChanges: unasked})).to.deep.equal({kind: 'start', differences: []})
  })

  it('is done at once where something differs and nothing would be lost', async () => {
    expect(await decided()).to.deep.equal({kind: 'recreate', reasons: ['its settings have changed']})
  })

  it('is what --recreate and --no-recreate say', async () => {
    expect(await decided({lost: ['/x'], recreate: true})).to.deep.include({kind: 'recreate'})
    expect(await decided({differences: [], recreate: true})).to.deep.equal({
      kind: 'recreate',
      reasons: ['--recreate was said'],
    })
    expect(await decided({recreate: false, ownChanges: unasked})).to.deep.include({kind: 'start'})
  })

  it('is refused where something would be lost and nobody can be asked, naming both flags and how to keep it', async () => {
    const error = await thrown(decided({lost: ['/a', '/b', '/c', '/d']}))
    expect(error).to.be.instanceOf(KegError).and.to.include({code: 'container-changed', exitCode: 3})
    expect(error.message).to.include('4 changes').and.to.include('/a, /b, /c and 1 more')
    expect(error).to.have.property('hint').that.includes('--recreate').and.includes('--no-recreate')
    expect(error).to.have.property('hint').that.includes('keg tap package shop')
  })

  it('is asked where something would be lost, and the answer is done', async () => {
    const lost = ['/a']
    expect(await decided({lost, questions: questions(/as it is/)})).to.deep.include({kind: 'start'})
    expect(await decided({lost, questions: questions(/anew/)})).to.deep.include({kind: 'recreate'})
    const error = await thrown(decided({lost, questions: questions(/Package/)}))
    expect(error).to.include({code: 'cancelled'}).and.to.have.property('hint').that.includes('keg tap package shop')
  })
})

describe('in what a container differs', () => {
  const labels = {'com.docker.compose.service': 'shop', 'com.keg.tap.settings': 'abc'}
  const container = {...containerWith({Labels: labels}), Image: 'sha256:1'}
  const wanted = {
    service: 'shop',
    imageId: 'sha256:1',
    imageName: 'shop:x',
    settings: 'abc',
    lostPorts: [],
    command: undefined,
  }

  it('is nothing where image, service and settings are the same', () => {
    expect(differencesOf(container, wanted)).to.deep.equal([])
  })

  const table: readonly [string, Partial<typeof wanted> | {command: string}, RegExp][] = [
    ['its image, by what that is', {imageId: 'sha256:2'}, /image.*shop:x/],
    ['its service', {service: 'app'}, /service app/],
    ['its settings', {settings: 'abd'}, /settings/],
    ['a port that it cannot have again', {lostPorts: ['8080']} as object, /8080/],
    ['a command that nobody can tell it', {command: 'test'}, /command.*test/],
  ]
  for (const [what, change, expected] of table)
    it(`is ${what}`, () => {
      const [difference, ...others] = differencesOf(container, {...wanted, ...change})
      expect(difference).to.match(expected)
      expect(others).to.deep.equal([])
    })
})
