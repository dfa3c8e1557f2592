import {expect} from 'chai'
import type {Prompt} from '../../../../src/lib/terminal/prompt.js'
import {RefusedError} from '../../../../src/lib/error/keg-error.js'
import {PathPatterns} from '../../../../src/lib/package/exclude/path-patterns.js'
import {SecretGate} from '../../../../src/lib/package/secret/secret-gate.js'
import {testWork} from '../../../support/work.js'
import {thrown} from '../../../support/thrown.js'

const ENV = {path: '/app/.env', reason: 'environment with credentials'}
const KEY = {path: '/app/it is a.key', reason: 'private key'}

/** A gate, with its output and questions. */
function gateWith({
  allowed = [],
  answer,
  push = true,
  writesFile = false,
}: {allowed?: string[]; answer?: boolean; push?: boolean; writesFile?: boolean} = {}) {
  const [asked, said, warned]: [string[], string[], string[]] = [[], [], []]
  const prompt: Prompt = {
    isInteractive: answer !== undefined,
    confirm: (question, {yesIsNoAnswer}) => {
      expect(yesIsNoAnswer).to.equal(true)
      asked.push(question)
      return Promise.resolve(answer === true)
    },
    choose: () => Promise.reject(new Error('not asked')),
    text: () => Promise.reject(new Error('not asked')),
  }
  const gate = new SecretGate(
    testWork({prompt, warn: (text) => warned.push(text), notice: (text) => said.push(text)}),
    {allowed: PathPatterns.parse('--allow-secret', allowed), push, writesFile},
  )
  return {asked, gate, said, warned}
}

describe('secret gate', () => {
  it('refuses without a prompt, and prints every path and the flags that allow it', async () => {
    const error = await thrown(gateWith().gate.ask([ENV, KEY]))
    if (!(error instanceof RefusedError)) throw error
    const {code, data, hint, message} = error
    expect(code).to.equal('secret-found')
    expect(message).to.include('/app/.env').and.include('/app/it is a.key')
    expect(hint).to.include("--allow-secret /app/.env --allow-secret '/app/it is a.key'")
    expect(data).to.deep.equal({
      secrets: [
        {...ENV, flag: '--allow-secret /app/.env'},
        {...KEY, flag: "--allow-secret '/app/it is a.key'"},
      ],
    })
  })

  it('names a path with control characters by a pattern that can be pasted, and that allows it', async () => {
    for (const path of ['/app/a\nb/.npmrc', '/app/\u001b[31m*\\x/.env']) {
      const error = await thrown(gateWith().gate.ask([{...ENV, path}]))
      if (!(error instanceof RefusedError)) throw error
      const [, flag = ''] = /--allow-secret '(.*)' \(/.exec(error.hint ?? '') ?? []
      expect(flag).to.match(/^\/app\/[ -~]+$/)
      await gateWith({allowed: [flag]}).gate.ask([{...ENV, path}])
      expect(await thrown(gateWith({allowed: [flag]}).gate.ask([ENV]))).to.be.instanceOf(RefusedError)
    }
  })

  it('has a line for all of many files, by name for very many', async () => {
    for (const [number, values] of [
      [11, 11],
      [250, 2],
    ] as const) {
      const secrets = Array.from({length: number}, (_, index) => ({
        ...ENV,
        path: `/app/${index}/${index % 2 === 0 ? '.env' : '[a].key'}`,
      }))
      const error = await thrown(gateWith().gate.ask(secrets))
      if (!(error instanceof RefusedError)) throw error
      const line = /package them anyway with: (.*) \(/.exec(error.hint ?? '')?.[1] ?? ''
      const allowed = [...line.matchAll(/--allow-secret (?:'([^']+)'|(\S+))/g)].map(
        ([, quoted, bare]) => quoted ?? bare ?? '',
      )
      expect(allowed).to.have.length(values)
      expect(line.replaceAll(/--allow-secret (?:'[^']+'|\S+) ?/g, '')).to.equal('')
      await gateWith({allowed}).gate.ask(secrets)
    }
  })

  it('lets allowed files pass, by path, folder or pattern', async () => {
    for (const allowed of [['/app/.env', KEY.path], ['/app'], ['/**/.env', '/app/*.key']])
      await gateWith({allowed}).gate.ask([ENV, KEY])
    const {gate} = gateWith({allowed: ['/app/.env']})
    expect(gate.describe([ENV, KEY]).map(({allowed}) => allowed)).to.deep.equal([true, false])
    expect(await thrown(gate.ask([ENV, KEY]))).to.have.nested.property('data.secrets.length', 1)
  })

  it('asks once for each file, and stops at a no', async () => {
    const {asked, gate, said} = gateWith({answer: true})
    await gate.ask([ENV])
    await gate.ask([ENV])
    await gate.ask([ENV, KEY])
    expect(asked).to.have.length(2)
    expect(said.join()).to.include('/app/.env').and.include('/app/it is a.key')
    expect(await thrown(gateWith({answer: false}).gate.ask([ENV]))).to.have.property('code', 'cancelled')
  })

  it('only warns if nothing is pushed', async () => {
    const {asked, gate, warned} = gateWith({push: false})
    await gate.ask([ENV])
    expect(asked).to.deep.equal([])
    expect(warned.join()).to.include('/app/.env')
  })
})
