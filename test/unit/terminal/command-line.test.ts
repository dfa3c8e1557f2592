import {expect} from 'chai'
import {execFileSync} from 'node:child_process'
import fc from 'fast-check'
import {withHintEngine, commandLine, shareableLine} from '../../../src/lib/terminal/command-line.js'

/** The words that bash reads from a line. */
function read(line: string): string[] {
  return execFileSync('bash', ['-c', `printf '%s\\0' ${line}`], {encoding: 'utf8'})
    .split('\0')
    .slice(0, -1)
}

describe('commandLine', () => {
  it('leaves words unquoted that need no quotes', () => {
    expect(commandLine`keg sync resume ${'shop'} --all`).to.equal('keg sync resume shop --all')
  })

  it('leaves its literal text unchanged', () => {
    expect(commandLine`keg config set registry HOST[:PORT][/NAMESPACE]`).to.equal(
      'keg config set registry HOST[:PORT][/NAMESPACE]',
    )
  })

  it('quotes what a shell would split or expand', () => {
    expect(commandLine`keg tap link ${"/home/o'neil/my shop"} --name ${'shop'}`).to.equal(
      String.raw`keg tap link '/home/o'\''neil/my shop' --name shop`,
    )
  })

  it('quotes a word with all the text around a value in it', () => {
    expect(commandLine`docker ps --filter label=com.keg.tap=${'a b'} --all`).to.equal(
      "docker ps --filter 'label=com.keg.tap=a b' --all",
    )
  })

  it('accepts several words at once, and none', () => {
    const none: string[] = []
    expect(commandLine`docker rm ${none} --force ${['shop', 'a b']}`).to.equal("docker rm --force shop 'a b'")
  })

  it('accepts numbers', () => {
    expect(commandLine`keg tap logs --tail ${5}`).to.equal('keg tap logs --tail 5')
  })

  it('never lets a value become an option', () => {
    expect(commandLine`keg sync resolve --keep folder ${'-rf'}`).to.equal('keg sync resolve --keep folder -- -rf')
    expect(commandLine`keg sync resolve --sync ${'--all'}`).to.equal('keg sync resolve --sync=--all')
    expect(commandLine`git add -- ${'-a'} ${'-b'}`).to.equal('git add -- -a -b')
  })

  it('keeps an empty value', () => {
    expect(read(commandLine`docker run --env ${''} ${'image'}`)).to.deep.equal(['docker', 'run', '--env', '', 'image'])
  })

  it('prints any value safely, and a shell reads it back unchanged', () => {
    const line = commandLine`keg config unset ${"it's\u001B[31m \u202E\\n\nred"}`
    expect(line).to.equal(String.raw`keg config unset $'it\'s\033[31m \342\200\256\\n\012red'`)
    expect(read(line)[3]).to.equal("it's\u001B[31m \u202E\\n\nred")
  })

  it('is read back unchanged by a shell, for any words', () => {
    const character = fc.constantFrom(
      ...Array.from('aZ09 -_=/.\'"`$!*?[]{}()<>|&;#~%^\\\n\t\u001B\u007F\u009F\u200B\u202E\uFEFFé💡'),
    )
    const word = fc.string({unit: character}).filter((text) => !text.startsWith('-'))
    fc.assert(
      fc.property(word, fc.array(word), (one, others) => {
        expect(read(commandLine`git show ${one} ${others}`)).to.deep.equal(['git', 'show', one, ...others])
      }),
      {numRuns: 20},
    )
  })
})

describe('withHintEngine', () => {
  const host = {args: ['--host', 'ssh://me@far']}
  const context = {args: ['--context', 'my context']}

  it('names the engine before the command in a line of docker', () => {
    expect(withHintEngine(host, () => commandLine`docker logs ${'shop'}`)).to.equal(
      'docker --host ssh://me@far logs shop',
    )
  })

  it('names it after the command in a line of keg, before the arguments that are passed on', () => {
    expect(withHintEngine(context, () => commandLine`keg tap start ${'shop'}`)).to.equal(
      "keg tap start shop --context 'my context'",
    )
    expect(withHintEngine(context, () => commandLine`keg tap exec ${'shop'} -- ls`)).to.equal(
      "keg tap exec shop --context 'my context' -- ls",
    )
    expect(withHintEngine(host, () => commandLine`keg sync resolve ${'-x'}`)).to.equal(
      'keg sync resolve --host ssh://me@far -- -x',
    )
  })

  it('names it in lines made while the command runs, and only then', async () => {
    const options = {args: [] as string[]}
    const line = await withHintEngine(options, async () => {
      await Promise.resolve()
      options.args = ['--context', 'far']
      await new Promise(setImmediate)
      return commandLine`keg doctor --fix`
    })
    expect(line).to.equal('keg doctor --fix --context far')
    expect(commandLine`keg doctor --fix`).to.equal('keg doctor --fix')
  })

  it('names none any more after a command that failed, and the outer one after an inner one', async () => {
    const failing = (): never => {
      throw new Error('failed')
    }
    expect(() => withHintEngine(host, failing)).to.throw('failed')
    await withHintEngine(host, async () => Promise.reject(new Error('failed'))).catch(() => undefined)
    expect(commandLine`keg doctor`).to.equal('keg doctor')
    const line = await withHintEngine(host, async () => {
      await withHintEngine(context, async () => Promise.resolve())
      return commandLine`keg doctor`
    })
    expect(line).to.equal('keg doctor --host ssh://me@far')
  })

  it('names none in a line without an engine', () => {
    const lines = withHintEngine(host, () => [
      commandLine`keg config list`,
      commandLine`keg tap link`,
      commandLine`docker login ghcr.io`,
      commandLine`docker context ls`,
      commandLine`git status`,
      commandLine`mutagen sync list`,
      commandLine`chmod 600 ${'/etc/x'}`,
      commandLine`chmod 600 ${'/etc/x'}`,
      commandLine`chmod 600 ${'/etc/x'}`,
    ])
    for (const line of lines) expect(line).not.to.include('ssh://')
  })

  it('names none in a line for other people', () => {
    expect(withHintEngine(host, () => shareableLine`keg docker package run ${'a/b:c'}`)).to.equal(
      'keg docker package run a/b:c',
    )
  })
})
