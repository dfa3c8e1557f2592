import {expect} from 'chai'
import {PassThrough} from 'node:stream'
import {execMode} from '../../../../src/lib/container/exec/exec-mode.js'

const terminal = () => Object.assign(new PassThrough(), {isTTY: true})
const pipe = () => new PassThrough()

describe('execMode', () => {
  const stderr = undefined
  const table = [
    ['a terminal on both sides', {stdin: terminal(), stdout: terminal()}, {tty: true, input: 'keys'}],
    ['output to a file', {stdin: terminal(), stdout: pipe()}, {tty: false, input: 'nothing'}],
    ['input from a pipe', {stdin: pipe(), stdout: terminal()}, {tty: false, input: 'bytes'}],
    ['no terminal at all', {stdin: pipe(), stdout: pipe()}, {tty: false, input: 'bytes'}],
    ['no input', {stdin: undefined, stdout: terminal()}, {tty: false, input: 'nothing'}],
  ] as const
  for (const [name, streams, mode] of table) it(name, () => expect(execMode({...streams, stderr})).to.deep.equal(mode))
})
