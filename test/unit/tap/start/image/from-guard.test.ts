import {expect} from 'chai'
import {missingInput, type Questions} from '../../../../../src/lib/command/ask.js'
import {KegError} from '../../../../../src/lib/error/keg-error.js'
import {codeOrigin, guardFrom, type CodeOrigin} from '../../../../../src/lib/tap/start/image/from-guard.js'
import {thrown} from '../../../../support/thrown.js'

const [here, there] = ['a'.repeat(40), 'b'.repeat(40)]
const BRANCH = 'com.keg.package.branch'
const COMMIT = 'com.keg.package.folder-commit'
const REVISION = 'org.opencontainers.image.revision'

describe('what an image says of the code in it', () => {
  const table: readonly [string, Readonly<Record<string, string>>, CodeOrigin['kind']][] = [
    ['nothing', {}, 'same'],
    ['the same branch and commit', {[BRANCH]: 'main', [COMMIT]: here}, 'same'],
    ['the same branch alone', {[BRANCH]: 'main'}, 'same'],
    ['another branch', {[BRANCH]: 'feature/x', [COMMIT]: here}, 'other-branch'],
    ['another commit', {[BRANCH]: 'main', [COMMIT]: there}, 'other-commit'],
    ['another revision', {[BRANCH]: 'main', [REVISION]: there}, 'other-commit'],
    ['a revision of its base image', {[REVISION]: there}, 'same'],
    ['a commit that is none', {[BRANCH]: 'main', [COMMIT]: 'x'}, 'same'],
  ]
  for (const [what, Labels, kind] of table)
    it(`is ${kind} for ${what}`, () => {
      expect(codeOrigin({Config: {Labels}}, {branch: 'main', commit: here}).kind).to.equal(kind)
    })

  it('counts for nothing without git', () => {
    expect(codeOrigin({Config: {Labels: {[BRANCH]: 'main'}}}, {branch: undefined, commit: undefined}).kind).to.equal(
      'same',
    )
  })
})

describe('the branch guard of --from', () => {
  const other: CodeOrigin = {kind: 'other-branch', branch: 'feature/\u001bx', checkedOut: 'main'}

  async function guard(
    origin: CodeOrigin,
    {answer, force = false, isSynced = true}: {answer?: string; force?: boolean; isSynced?: boolean} = {},
  ) {
    const said: string[] = []
    const nobody = () => Promise.reject(missingInput('', ''))
    const questions: Questions = {
      possible: answer !== undefined,
      confirm: nobody,
      text: nobody,
      choose: (_question, choices) => {
        const chosen = choices.find(({value}) => value === answer)
        return chosen === undefined ? nobody() : Promise.resolve(chosen.value)
      },
    }
    const result = await guardFrom({name: 'shop:x', origin, isSynced, force, questions, say: (line) => said.push(line)})
    return {isSynced: result, said: said.join('\n')}
  }

  it('lets code of the same branch pass, with a warning that names both commits where those differ', async () => {
    expect(await guard({kind: 'same'})).to.deep.equal({isSynced: true, said: ''})
    const {isSynced, said} = await guard({kind: 'other-commit', commit: there, checkedOut: here})
    expect(isSynced).to.equal(true)
    expect(said).to.match(/^Warning: .*bbbbbbbbbbbb.*aaaaaaaaaaaa/)
  })

  it('refuses a sync over code of another branch, and names both ways on', async () => {
    const error = await thrown(guard(other))
    expect(error).to.be.instanceOf(KegError).and.to.include({code: 'branch-guard', exitCode: 3})
    expect(error.message).to.include('feature/?x').and.to.include('main')
    expect(error).to.have.property('hint').that.includes('--no-sync').and.includes('--force')
  })

  it('lets it be synced over by --force, and run as it is without a sync', async () => {
    expect(await guard(other, {force: true})).to.deep.include({isSynced: true})
    expect(await guard(other, {isSynced: false})).to.deep.include({isSynced: false})
    expect(await guard(other, {isSynced: false, force: true})).to.deep.include({isSynced: false})
  })

  it('asks where somebody is there, and does what the answer is', async () => {
    expect(await guard(other, {answer: 'no-sync'})).to.deep.include({isSynced: false})
    expect(await guard(other, {answer: 'force'})).to.deep.include({isSynced: true})
    expect(await thrown(guard(other, {answer: 'cancel'}))).to.include({code: 'cancelled'})
  })
})
